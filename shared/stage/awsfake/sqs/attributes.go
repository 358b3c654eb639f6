package sqs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// defaults are the attributes of a queue for which none were given.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func defaults() map[string]string {
	return map[string]string{
		"DelaySeconds":                  "0",
		"MaximumMessageSize":            "1048576",
		"MessageRetentionPeriod":        "345600",
		"ReceiveMessageWaitTimeSeconds": "0",
		"VisibilityTimeout":             "30",
		"SqsManagedSseEnabled":          "true",
	}
}

// number is a numeric attribute, which apply has checked.
func (q *queue) number(name string) int {
	n, _ := strconv.Atoi(q.Attributes[name])
	return n
}

// apply sets attributes on q, all or none.
func (s *Queues) apply(q *queue, attributes map[string]string, creating bool) error {
	next := maps.Clone(q.Attributes)
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v, err := s.checkAttribute(q, name, attributes[name], creating)
		if err != nil {
			return err
		}
		if v == "" {
			delete(next, name)
			continue
		}
		next[name] = v
	}
	if next["FifoQueue"] == "true" {
		fifoDefaults(next)
	}
	if next["FifoThroughputLimit"] == "perMessageGroupId" && next["DeduplicationScope"] != "messageGroup" {
		return invalid("FifoThroughputLimit", "perMessageGroupId", "It needs DeduplicationScope messageGroup.")
	}
	q.Attributes = next
	return nil
}

func fifoDefaults(attributes map[string]string) {
	for name, v := range map[string]string{"ContentBasedDeduplication": "false", "DeduplicationScope": "queue",
		"FifoThroughputLimit": "perQueue"} {
		if attributes[name] == "" {
			attributes[name] = v
		}
	}
}

// checkAttribute returns the value in the form it is stored; empty means "remove".
func (s *Queues) checkAttribute(q *queue, name, v string, creating bool) (string, error) {
	fifoOnly := func(values ...string) (string, error) {
		if creating && q.Name[len(q.Name)-1] != 'o' || !creating && !q.fifo {
			return "", fail("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
		return v, oneOf(name, v, values...)
	}
	if low := strings.ToLower(v); low == "true" || low == "false" {
		v = low
	}
	switch name {
	case "DelaySeconds":
		return v, inRange(name, v, 0, 900)
	case "MaximumMessageSize":
		return v, inRange(name, v, 1024, maxMessage)
	case "MessageRetentionPeriod":
		return v, inRange(name, v, 60, 1209600)
	case "ReceiveMessageWaitTimeSeconds":
		return v, inRange(name, v, 0, maxWait)
	case "VisibilityTimeout":
		return v, inRange(name, v, 0, maxVisibility)
	case "SqsManagedSseEnabled":
		return v, oneOf(name, v, "true", "false")
	case "KmsMasterKeyId":
		return v, nil
	case "KmsDataKeyReusePeriodSeconds":
		return v, inRange(name, v, 60, 86400)
	case "RedrivePolicy":
		return s.redrivePolicy(q, v)
	case "RedriveAllowPolicy":
		return v, checkAllow(v)
	case "FifoQueue":
		return fifoOnly("true") // of a queue that exists it cannot be changed
	case "ContentBasedDeduplication":
		return fifoOnly("true", "false")
	case "DeduplicationScope":
		return fifoOnly("queue", "messageGroup")
	case "FifoThroughputLimit":
		return fifoOnly("perQueue", "perMessageGroupId")
	case "Policy":
		return "", invalid(name, "", "This endpoint enforces no queue policies, so it takes none.")
	}
	return "", fail("InvalidAttributeName", "Unknown Attribute %s.", name)
}

func inRange(name, v string, low, high int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return fail("InvalidAttributeValue", "Invalid value for the parameter %s: it must be a number from %d to %d.", name,
			low, high)
	}
	return nil
}

func oneOf(name, v string, values ...string) error {
	if !slices.Contains(values, v) {
		return fail("InvalidAttributeValue", "Invalid value for the parameter %s: it must be one of %v.", name, values)
	}
	return nil
}

func (s *Queues) sameAttribute(q *queue, name, v string) (bool, error) {
	want, err := s.checkAttribute(q, name, v, name == "FifoQueue")
	if err != nil {
		return false, err
	}
	got := q.Attributes[name]
	if name == "RedrivePolicy" {
		a, _ := parseRedrive(want)
		b, _ := parseRedrive(got)
		return a == b, nil
	}
	return got == want, nil
}

type attributesRequest struct {
	QueueUrl       string
	AttributeNames []string
}

func (c *call) getAttributes(in *attributesRequest) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := c.describe(q)
	out := map[string]string{}
	for _, name := range in.AttributeNames {
		v, known := all[name]
		switch {
		case name == "All":
			maps.Copy(out, all)
		case known:
			out[name] = v
		case !slices.Contains(optionalAttributes(), name):
			return nil, fail("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return struct {
		Attributes map[string]string `json:",omitempty"`
	}{out}, nil
}

// optionalAttributes are those a queue need not have; asking for them is no mistake.
func optionalAttributes() []string {
	return []string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds",
		"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}
}

// describe returns all attributes, the computed ones too.
func (s *Queues) describe(q *queue) map[string]string {
	all := maps.Clone(q.Attributes)
	all["QueueArn"] = s.ARN(q.Name)
	all["CreatedTimestamp"] = strconv.FormatInt(q.Created, 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.Modified, 10)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(len(q.messages) - q.inFlight - q.delay)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(q.inFlight)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(q.delay)
	return all
}

func (c *call) setAttributes(in *struct {
	QueueUrl   string
	Attributes map[string]string
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := c.apply(q, in.Attributes, false); err != nil {
		return nil, err
	}
	q.Modified = c.now().Unix()
	c.drop(q.settle(millis(c.now()))...)
	return nil, c.put(q.key(), q)
}

// A redrive is a RedrivePolicy.
type redrive struct {
	Target string
	Max    int
}

// redrivePolicy is the policy as SQS shows it, whose maxReceiveCount is a number, however it was given.
func (s *Queues) redrivePolicy(q *queue, v string) (string, error) {
	if err := s.checkRedrive(q, v); err != nil || v == "" {
		return v, err
	}
	r, err := parseRedrive(v)
	if err != nil {
		return "", err
	}
	shown, err := json.Marshal(struct {
		Target string `json:"deadLetterTargetArn"`
		Max    int    `json:"maxReceiveCount"`
	}{r.Target, r.Max})
	return string(shown), err
}

// parseRedrive reads a policy; maxReceiveCount may be a number or a string.
func parseRedrive(v string) (redrive, error) {
	var in map[string]any
	if err := json.Unmarshal([]byte(v), &in); err != nil {
		return redrive{}, invalid("RedrivePolicy", v, "Redrive policy is not a valid JSON map.")
	}
	target, _ := in["deadLetterTargetArn"].(string)
	var count int
	switch n := in["maxReceiveCount"].(type) {
	case string:
		count, _ = strconv.Atoi(n)
	case float64:
		count = int(n)
	}
	switch {
	case target == "":
		return redrive{}, invalid("RedrivePolicy", v,
			"Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	case count < 1 || count > 1000:
		return redrive{}, invalid("RedrivePolicy", v, "Invalid value for maxReceiveCount, must be between 1 and 1000.")
	case len(in) != 2:
		return redrive{}, invalid("RedrivePolicy", v,
			"Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
	}
	return redrive{target, count}, nil
}
