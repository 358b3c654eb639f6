// Package s3 is Amazon S3 by gofakes3, made durable: every bucket and object is kept in the log as well as in memory,
// and requests that gofakes3 would misread are refused or translated first.
package s3

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

const (
	bucketPrefix = "s3/0bucket/"
	objectPrefix = "s3/1object/"
)

// A Clock tells the time that objects are stamped with.
type Clock interface {
	Now() time.Time
	Since(time.Time) time.Duration
}

// A store is gofakes3's memory backend with every change written to the log before it is answered. It leaves out
// versioning, which would not survive a restart.
type store struct {
	gofakes3.Backend
	log *keep.Log
	now func() time.Time
	mu  sync.RWMutex // orders changes in memory and log alike

	lifecycles map[string]*lifecycle // by bucket
	tags       map[string][]tag      // by objectKey
}

// A head is what is kept before an object's bytes.
type head struct {
	Meta  map[string]string
	Saved time.Time
}

// replay stands still at the time an object was saved while it is loaded.
type replay struct {
	Clock
	at time.Time
}

func (r *replay) Now() time.Time {
	if r.at.IsZero() {
		return r.Clock.Now()
	}
	return r.at
}

func open(clock Clock, log *keep.Log) (*store, error) {
	r := &replay{Clock: clock}
	s := &store{Backend: s3mem.New(s3mem.WithTimeSource(r)), log: log, now: clock.Now,
		lifecycles: map[string]*lifecycle{}, tags: map[string][]tag{}}
	err := log.Range("s3/", func(key string, value []byte) error {
		if err := s.load(r, key, value); err != nil {
			return fmt.Errorf("s3: kept %s: %w", key, err)
		}
		return nil
	})
	r.at = time.Time{}
	return s, err
}

func (s *store) load(r *replay, key string, value []byte) error {
	if name, ok := strings.CutPrefix(key, bucketPrefix); ok {
		if err := json.Unmarshal(value, &r.at); err != nil {
			return err
		}
		return s.Backend.CreateBucket(name)
	}
	if name, ok := strings.CutPrefix(key, lifecyclePrefix); ok {
		s.lifecycles[name] = &lifecycle{}
		return xml.Unmarshal(value, s.lifecycles[name])
	}
	if name, ok := strings.CutPrefix(key, tagPrefix); ok {
		return s.loadTags(name, value)
	}
	bucket, name, ok := strings.Cut(strings.TrimPrefix(key, objectPrefix), "/")
	line, body, found := bytes.Cut(value, []byte("\n"))
	if !ok || !found {
		return errors.New("not an object")
	}
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	r.at = h.Saved
	_, err := s.Backend.PutObject(bucket, name, h.Meta, bytes.NewReader(body), int64(len(body)), nil)
	return err
}

func objectKey(bucket, name string) string { return objectPrefix + bucket + "/" + name }

func (s *store) CreateBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Backend.CreateBucket(name); err != nil {
		return err
	}
	b, err := json.Marshal(s.now())
	if err != nil {
		return err
	}
	return s.log.Write(keep.Op{Key: bucketPrefix + name, Value: b})
}

func (s *store) DeleteBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Backend.DeleteBucket(name); err != nil {
		return err
	}
	delete(s.lifecycles, name)
	return s.log.Write(keep.Op{Key: bucketPrefix + name}, keep.Op{Key: lifecyclePrefix + name})
}

// ForceDeleteBucket is in the interface for other users of gofakes3; no S3 request reaches it.
func (s *store) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

func (s *store) PutObject(bucket, name string, meta map[string]string, input io.Reader, size int64,
	conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	body, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.clear(bucket, name, conditions); err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	result, err := s.Backend.PutObject(bucket, name, meta, bytes.NewReader(body), size, nil)
	if err != nil {
		return result, err
	}
	return result, s.keep(bucket, name)
}

// clear checks the conditions of a write and takes the object it replaces away, whose metadata gofakes3 would hand on.
func (s *store) clear(bucket, name string, conditions *gofakes3.PutConditions) error {
	old, err := s.Backend.HeadObject(bucket, name)
	if err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return err
	}
	info := &gofakes3.ConditionalObjectInfo{Exists: err == nil}
	if err == nil {
		old.Contents.Close()
		info.Hash = old.Hash
	}
	if conditions != nil {
		if err := gofakes3.CheckPutConditions(conditions, info); err != nil {
			return err
		}
	}
	if _, err = s.Backend.DeleteObject(bucket, name); err != nil {
		return err
	}
	return s.forgetTags(bucket, name)
}

func (s *store) GetObject(bucket, name string, r *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.Backend.GetObject(bucket, name, r)
}

func (s *store) HeadObject(bucket, name string) (*gofakes3.Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.Backend.HeadObject(bucket, name)
}

func (s *store) ListBucket(name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList,
	error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.Backend.ListBucket(name, prefix, page)
}

// keep writes an object as memory has it.
func (s *store) keep(bucket, name string) error {
	o, err := s.Backend.GetObject(bucket, name, nil)
	if err != nil {
		return err
	}
	defer o.Contents.Close()
	body, err := io.ReadAll(o.Contents)
	if err != nil {
		return err
	}
	line, err := json.Marshal(head{Meta: o.Metadata, Saved: s.now()})
	if err != nil {
		return err
	}
	return s.log.Write(keep.Op{Key: objectKey(bucket, name), Value: append(append(line, '\n'), body...)})
}

func (s *store) DeleteObject(bucket, name string) (gofakes3.ObjectDeleteResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := s.Backend.DeleteObject(bucket, name)
	if err != nil {
		return result, err
	}
	if err := s.forgetTags(bucket, name); err != nil {
		return result, err
	}
	return result, s.log.Write(keep.Op{Key: objectKey(bucket, name)})
}

func (s *store) DeleteMulti(bucket string, names ...string) (gofakes3.MultiDeleteResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := s.Backend.DeleteMulti(bucket, names...)
	if err != nil {
		return result, err
	}
	var ops []keep.Op
	for _, d := range result.Deleted {
		if err := s.forgetTags(bucket, d.Key); err != nil {
			return result, err
		}
		ops = append(ops, keep.Op{Key: objectKey(bucket, d.Key)})
	}
	return result, s.log.Write(ops...)
}

func (s *store) CopyObject(fromBucket, from, toBucket, to string, meta map[string]string) (gofakes3.CopyObjectResult,
	error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := s.Backend.CopyObject(fromBucket, from, toBucket, to, meta)
	if err != nil {
		return result, err
	}
	return result, s.keep(toBucket, to)
}
