package sqs

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"
)

// nameRest is how long a deleted queue's name stays taken, and how long a purge keeps the next one away.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
const nameRest = time.Minute

// listLimit is how many queues one ListQueues returns when it is not told.
const listLimit = 1000

type queueRef struct{ QueueUrl string }

type createRequest struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

func (c *call) create(in *createRequest) (any, error) {
	if err := checkName(in.QueueName, in.Attributes["FifoQueue"]); err != nil {
		return nil, err
	}
	if q := c.queues[in.QueueName]; q != nil {
		return c.recreate(q, in.Attributes)
	}
	if at, ok := c.deleted[in.QueueName]; ok && c.now().Sub(at) < nameRest {
		return nil, fail("QueueDeletedRecently",
			"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	now := c.now().Unix()
	q := &queue{Name: in.QueueName, Attributes: defaults(), Tags: in.Tags, Created: now, Modified: now}
	if err := c.apply(q, in.Attributes, true); err != nil {
		return nil, err
	}
	c.queues[q.Name] = q.init()
	return map[string]string{"QueueUrl": c.url(q)}, c.put(q.key(), q)
}

// recreate answers a CreateQueue for a queue that exists: the same when its attributes agree, else an error.
func (c *call) recreate(q *queue, attributes map[string]string) (any, error) {
	for name, v := range attributes {
		if same, err := c.sameAttribute(q, name, v); err != nil || !same {
			return nil, fail("QueueNameExists",
				"A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	return map[string]string{"QueueUrl": c.url(q)}, nil
}

func checkName(name, fifo string) error {
	base, fifo := strings.TrimSuffix(name, ".fifo"), strings.ToLower(fifo)
	switch {
	case name == "":
		return missing("QueueName")
	case len(name) > 80 || base == "" || !only(base, plain):
		return invalidValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	case base == name && fifo == "true":
		return invalidValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case base != name && fifo != "true":
		return invalidValue("A queue whose name ends with .fifo must have the attribute FifoQueue set to true.")
	}
	return nil
}

func (c *call) getURL(in *struct{ QueueName, QueueOwnerAWSAccountId string }) (any, error) {
	q := c.queues[in.QueueName]
	if q == nil || in.QueueOwnerAWSAccountId != "" && in.QueueOwnerAWSAccountId != c.account {
		return nil, noSuchQueue()
	}
	return map[string]string{"QueueUrl": c.url(q)}, nil
}

type listRequest struct {
	QueueNamePrefix string
	MaxResults      *int
	NextToken       string
}

func (c *call) list(in *listRequest) (any, error) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(c.queues)), func(n string) bool {
		return !strings.HasPrefix(n,
			in.QueueNamePrefix)
	})
	return c.page(names, in.MaxResults, in.NextToken, "QueueUrls")
}

// page returns the URLs of the names that follow the one token holds.
func (c *call) page(names []string, limit *int, token, field string) (any, error) {
	if err := between("MaxResults", limit, 1, listLimit); err != nil {
		return nil, err
	}
	after, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return nil, invalid("NextToken", token, "It was not issued here.")
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n <= string(after) })
	reply := map[string]any{}
	if n := or(limit, listLimit); len(names) > n {
		names = names[:n]
		reply["NextToken"] = base64.URLEncoding.EncodeToString([]byte(names[n-1]))
	}
	urls := make([]string, 0, len(names))
	for _, n := range names {
		urls = append(urls, c.url(c.queues[n]))
	}
	if len(urls) > 0 || field == "queueUrls" { // of this one the API's model says that it is always there
		reply[field] = urls
	}
	return reply, nil
}

func (c *call) deleteQueue(in *queueRef) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	c.empty(q)
	c.drop(keepDelete(q.key()))
	delete(c.queues, q.Name)
	c.deleted[q.Name] = c.now()
	q.wake()
	return nil, nil
}

func (c *call) purge(in *queueRef) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if !q.purged.IsZero() && c.now().Sub(q.purged) < nameRest {
		return nil, fail("PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.Name)
	}
	q.purged = c.now()
	c.empty(q)
	return nil, nil
}

// empty forgets all messages, and that they were sent.
func (c *call) empty(q *queue) {
	for id := range q.dedup {
		c.drop(keepDelete(q.dedupKey(id)))
	}
	clear(q.dedup)
	q.dedupOrder = nil
	for _, m := range q.messages {
		c.drop(q.forget(m)...)
		q.remove(m)
	}
}

type tagRequest struct {
	QueueUrl string
	Tags     map[string]string
}

// maxTags: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
const maxTags = 50

func (c *call) tag(in *tagRequest) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missing("Tags")
	}
	tags := maps.Clone(q.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, in.Tags)
	if len(tags) > maxTags {
		return nil, invalidValue("Too many tags added for queue %s.", q.Name)
	}
	q.Tags = tags
	return nil, c.put(q.key(), q)
}

func (c *call) untag(in *struct {
	QueueUrl string
	TagKeys  []string
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(q.Tags, k)
	}
	return nil, c.put(q.key(), q)
}

func (c *call) listTags(in *queueRef) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return struct {
		Tags map[string]string `json:",omitempty"`
	}{q.Tags}, nil
}
