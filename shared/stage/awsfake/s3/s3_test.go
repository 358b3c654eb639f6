package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/relais-dev/relais/shared/stage/awsfake"
)

func open(t *testing.T, dir string, clock *awsfake.Clock) (*s3.Client, *awsfake.Server) {
	t.Helper()
	s, err := awsfake.New(awsfake.Options{Dir: dir, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("https://aws.test"), HTTPClient: s.HTTPClient(), RetryMaxAttempts: 1,
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	}), s
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func put(t *testing.T, c *s3.Client, key string, body io.Reader) {
	t.Helper()
	if _, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key,
		Body: body}); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, c *s3.Client, key string) string {
	t.Helper()
	out, err := c.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
	if err != nil {
		return code(err)
	}
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func bucket(t *testing.T, c *s3.Client) {
	t.Helper()
	if _, err := c.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("bucket")}); err != nil {
		t.Fatal(err)
	}
}

func TestRestart(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	clock := awsfake.NewClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	c, server := open(t, dir, clock)
	bucket(t, c)
	put(t, c, "a", strings.NewReader("one"))
	put(t, c, "gone", strings.NewReader("x"))
	put(t, c, "gone too", strings.NewReader("x"))
	stream := "not seekable, so sent in chunks"
	_, streamed := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("streamed"),
		Body: struct{ io.Reader }{strings.NewReader(stream)}, ContentLength: aws.Int64(int64(len(stream)))})
	_, copied := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("copy"),
		CopySource: aws.String("bucket/a")})
	_, condition := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a"),
		Body: strings.NewReader("two"), IfNoneMatch: aws.String("*")})
	_, deleted := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("gone")})
	_, many := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("bucket"),
		Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("gone too")}}}})
	if err := errors.Join(streamed, copied, deleted, many); err != nil {
		t.Fatal(err)
	}
	if code(condition) != "PreconditionFailed" {
		t.Errorf("conditional put: %v, want PreconditionFailed", condition)
	}
	upload(t, c, "parts")
	server.Close()

	c, _ = open(t, dir, clock)
	for key, want := range map[string]string{
		"a": "one", "copy": "one", "gone": "NoSuchKey", "gone too": "NoSuchKey", "streamed": stream,
		"parts": strings.Repeat("p", 5<<20) + "end",
	} {
		if got := get(t, c, key); got != want {
			t.Errorf("%s: got %d bytes %.40q, want %.40q", key, len(got), got, want)
		}
	}
}

func upload(t *testing.T, c *s3.Client, key string) {
	t.Helper()
	ctx := context.Background()
	made, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("bucket"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for i, body := range [][]byte{bytes.Repeat([]byte("p"), 5<<20), []byte("end")} {
		n := aws.Int32(int32(i + 1))
		part, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("bucket"), Key: &key, UploadId: made.UploadId,
			PartNumber: n, Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: part.ETag, PartNumber: n})
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("bucket"), Key: &key,
		UploadId: made.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLifecycle(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	clock := awsfake.NewClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	c, server := open(t, dir, clock)
	bucket(t, c)
	put(t, c, "media/a", strings.NewReader("a"))
	put(t, c, "other/a", strings.NewReader("a"))
	set := func(r types.LifecycleRule) error {
		_, err := c.PutBucketLifecycleConfiguration(ctx,
			&s3.PutBucketLifecycleConfigurationInput{Bucket: aws.String("bucket"),
				LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{r}}})
		return err
	}
	rule := types.LifecycleRule{ID: aws.String("x"), Status: "Enabled",
		Filter:     &types.LifecycleRuleFilter{Prefix: aws.String("media/")},
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(2)}}
	if err := set(rule); err != nil {
		t.Fatal(err)
	}
	sized := rule
	sized.Filter = &types.LifecycleRuleFilter{ObjectSizeGreaterThan: aws.Int64(1)}
	if err := set(sized); code(err) != "NotImplemented" {
		t.Errorf("a rule by size: %v, want it refused", err)
	}
	server.Close()

	c, _ = open(t, dir, clock)
	out, err := c.GetBucketLifecycleConfiguration(ctx,
		&s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String("bucket")})
	if err != nil || len(out.Rules) != 1 || *out.Rules[0].Expiration.Days != 2 ||
		*out.Rules[0].Filter.Prefix != "media/" {
		t.Errorf("configuration %v, %v; want the one set first", out, err)
	}
	clock.Advance(60*time.Hour - time.Second) // two days and the rest of the third, less a second
	if got := get(t, c, "media/a"); got != "a" {
		t.Errorf("just before midnight: %q, want the object", got)
	}
	clock.Advance(time.Second)
	if got := get(t, c, "media/a"); got != "NoSuchKey" {
		t.Errorf("at midnight: %q, want it expired", got)
	}
	if got := get(t, c, "other/a"); got != "a" {
		t.Errorf("outside the prefix: %q, want the object", got)
	}
}

// TestExpiryByTag: a rule for tagged objects takes those alone, and a write takes tags off.
func TestExpiryByTag(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	clock := awsfake.NewClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	c, server := open(t, dir, clock)
	bucket(t, c)
	done := types.Tag{Key: aws.String("finished"), Value: aws.String("yes")}
	rule := types.LifecycleRule{ID: aws.String("x"), Status: "Enabled",
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(2)},
		Filter: &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{Prefix: aws.String("raw/"),
			Tags: []types.Tag{done}}}}
	if _, err := c.PutBucketLifecycleConfiguration(ctx,
		&s3.PutBucketLifecycleConfigurationInput{Bucket: aws.String("bucket"),
			LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{rule}}}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"raw/done", "raw/pending", "raw/again", "other/done"} {
		put(t, c, key, strings.NewReader("x"))
		if key == "raw/pending" {
			continue
		}
		if _, err := c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: aws.String("bucket"), Key: &key,
			Tagging: &types.Tagging{TagSet: []types.Tag{done}}}); err != nil {
			t.Fatal(err)
		}
	}
	put(t, c, "raw/again", strings.NewReader("x"))
	if _, err := c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: aws.String("bucket"),
		Key:     aws.String("raw/none"),
		Tagging: &types.Tagging{TagSet: []types.Tag{done}}}); code(err) != "NoSuchKey" {
		t.Errorf("tags for nothing: %v", err)
	}
	server.Close()
	c, _ = open(t, dir, clock)
	clock.Advance(100 * time.Hour)
	for key, want := range map[string]string{"raw/done": "NoSuchKey", "raw/pending": "x", "raw/again": "x",
		"other/done": "x"} {
		if got := get(t, c, key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
