package s3

import (
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

const (
	lifecyclePrefix = "s3/2lifecycle/"
	day             = 24 * time.Hour

	// maxLifecycle bounds a configuration: 1000 rules.
	maxLifecycle = 1 << 20
)

// A lifecycle is what PutBucketLifecycleConfiguration sets. Only rules that expire objects by age are understood; any
// element not named here ends in Other and is refused.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
type lifecycle struct {
	XMLName xml.Name `xml:"LifecycleConfiguration"`
	Rules   []rule   `xml:"Rule"`
}

type rule struct {
	ID         string
	Status     string
	Prefix     *string
	Filter     *filter
	Expiration *expiration
	Other      []other `xml:",any"`
}

// A filter is by prefix, by one tag, or by both in And.
type filter struct {
	Prefix string
	Tag    *tag
	And    *filter
	Other  []other `xml:",any"`
}

type expiration struct {
	Days  int
	Other []other `xml:",any"`
}

type other struct{ XMLName xml.Name }

// only is the filter that holds what is asked for.
func (r rule) only() *filter {
	if r.Filter != nil && r.Filter.And != nil {
		return r.Filter.And
	}
	return r.Filter
}

// concerns says whether an object's tags are those that the rule is for.
func (r rule) concerns(tags []tag) bool {
	f := r.only()
	return f == nil || f.Tag == nil || slices.Contains(tags, *f.Tag)
}

func (r rule) prefix() string {
	if f := r.only(); f != nil {
		return f.Prefix
	}
	if r.Prefix != nil {
		return *r.Prefix
	}
	return ""
}

// check says why a configuration is not taken; empty means it is.
func (l *lifecycle) check() string {
	if len(l.Rules) == 0 {
		return "there is no rule"
	}
	for _, r := range l.Rules {
		switch {
		case len(r.Other) > 0:
			return r.Other[0].XMLName.Local + " is not emulated"
		case r.only() != nil && len(r.only().Other) > 0:
			return "Filter " + r.only().Other[0].XMLName.Local + " is not emulated"
		case r.Expiration == nil || r.Expiration.Days < 1 || len(r.Expiration.Other) > 0:
			return "only Expiration in Days is emulated"
		case r.Status != "Enabled" && r.Status != "Disabled":
			return "Status must be Enabled or Disabled"
		}
	}
	return ""
}

// serveLifecycle answers requests with ?lifecycle.
func (s *store) serveLifecycle(w http.ResponseWriter, r *http.Request) {
	bucket := strings.Trim(r.URL.Path, "/")
	if exists, err := s.BucketExists(bucket); err != nil || !exists {
		WriteError(w, http.StatusNotFound, "NoSuchBucket", "the bucket does not exist")
		return
	}
	switch r.Method {
	case http.MethodPut:
		s.putLifecycle(w, r, bucket)
	case http.MethodDelete:
		s.setLifecycle(w, bucket, nil, http.StatusNoContent)
	default:
		s.getLifecycle(w, bucket)
	}
}

func (s *store) putLifecycle(w http.ResponseWriter, r *http.Request, bucket string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, unchunk(r).Body, maxLifecycle))
	l := &lifecycle{}
	if err != nil || xml.Unmarshal(body, l) != nil {
		WriteError(w, http.StatusBadRequest, "MalformedXML", "the configuration is not the XML expected")
		return
	}
	if problem := l.check(); problem != "" {
		WriteError(w, http.StatusNotImplemented, "NotImplemented", "the lifecycle configuration was not taken: "+problem)
		return
	}
	s.setLifecycle(w, bucket, l, http.StatusOK)
}

func (s *store) getLifecycle(w http.ResponseWriter, bucket string) {
	s.mu.RLock()
	l := s.lifecycles[bucket]
	s.mu.RUnlock()
	if l == nil {
		WriteError(w, http.StatusNotFound, "NoSuchLifecycleConfiguration", "the bucket has no lifecycle configuration")
		return
	}
	body, err := xml.Marshal(l)
	if err != nil {
		WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Write(body)
}

// setLifecycle keeps a bucket's configuration; nil removes it.
func (s *store) setLifecycle(w http.ResponseWriter, bucket string, l *lifecycle, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := keep.Op{Key: lifecyclePrefix + bucket}
	if l != nil {
		b, err := xml.Marshal(l)
		if err != nil {
			WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
			return
		}
		op.Value = b
	}
	if err := s.log.Write(op); err != nil {
		WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	s.lifecycles[bucket] = l
	w.WriteHeader(status)
}

// expire deletes what the rules of a bucket no longer keep. Like AWS it rounds an object's age to the midnight after.
func (s *store) expire(bucket string) error {
	s.mu.RLock()
	l := s.lifecycles[bucket]
	s.mu.RUnlock()
	if l == nil {
		return nil
	}
	for _, r := range l.Rules {
		if r.Status != "Enabled" {
			continue
		}
		prefix := gofakes3.NewPrefix(new(r.prefix()), nil)
		list, err := s.ListBucket(bucket, &prefix, gofakes3.ListBucketPage{})
		if err != nil {
			return err
		}
		for _, o := range list.Contents {
			due := o.LastModified.Add(time.Duration(r.Expiration.Days)*day + day - 1).UTC().Truncate(day)
			s.mu.RLock()
			tags := s.tags[objectKey(bucket, o.Key)]
			s.mu.RUnlock()
			if s.now().Before(due) || !r.concerns(tags) {
				continue
			}
			if _, err := s.DeleteObject(bucket, o.Key); err != nil {
				return err
			}
		}
	}
	return nil
}
