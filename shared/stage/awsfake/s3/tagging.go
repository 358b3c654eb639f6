package s3

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

const tagPrefix = "s3/3tags/"

// A tagging is what PutObjectTagging sets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
type tagging struct {
	XMLName xml.Name `xml:"Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

type tag struct{ Key, Value string }

// maxTags of one object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const maxTags = 10

func (t tagging) check() string {
	seen := map[string]bool{}
	for _, x := range t.Tags {
		switch {
		case x.Key == "" || len(x.Key) > 128 || len(x.Value) > 256:
			return "InvalidTag"
		case seen[x.Key]:
			return "InvalidTag"
		}
		seen[x.Key] = true
	}
	if len(t.Tags) > maxTags {
		return "BadRequest"
	}
	return ""
}

// serveTagging answers requests for an object with ?tagging.
func (s *store) serveTagging(w http.ResponseWriter, r *http.Request) {
	bucket, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	o, err := s.HeadObject(bucket, name)
	if err != nil {
		WriteError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	o.Contents.Close()
	switch r.Method {
	case http.MethodPut:
		var t tagging
		body, err := io.ReadAll(http.MaxBytesReader(w, unchunk(r).Body, maxLifecycle))
		if err != nil || xml.Unmarshal(body, &t) != nil {
			WriteError(w, http.StatusBadRequest, "MalformedXML", "the tags are not the XML expected")
			return
		}
		if code := t.check(); code != "" {
			WriteError(w, http.StatusBadRequest, code,
				"an object has up to 10 tags, each key once, of 128 characters with a value of 256")
			return
		}
		s.setTags(w, objectKey(bucket, name), t.Tags, http.StatusOK)
	case http.MethodDelete:
		s.setTags(w, objectKey(bucket, name), nil, http.StatusNoContent)
	default:
		s.mu.RLock()
		body, err := xml.Marshal(tagging{Tags: s.tags[objectKey(bucket, name)]})
		s.mu.RUnlock()
		if err != nil {
			WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.Write(body)
	}
}

func (s *store) setTags(w http.ResponseWriter, key string, tags []tag, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := keep.Op{Key: tagPrefix + key}
	if len(tags) > 0 {
		body, err := xml.Marshal(tagging{Tags: tags})
		if err != nil {
			WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
			return
		}
		op.Value = body
	}
	if err := s.log.Write(op); err != nil {
		WriteError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	s.tags[key] = tags
	w.WriteHeader(status)
}

// loadTags takes tags from the log.
func (s *store) loadTags(key string, value []byte) error {
	var t tagging
	err := xml.Unmarshal(value, &t)
	s.tags[key] = t.Tags
	return err
}

// forgetTags is what a write or deletion of an object does to its tags. The caller has the lock.
func (s *store) forgetTags(bucket, name string) error {
	key := objectKey(bucket, name)
	if s.tags[key] == nil {
		return nil
	}
	delete(s.tags, key)
	return s.log.Write(keep.Op{Key: tagPrefix + key})
}
