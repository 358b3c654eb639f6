package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// RawPrefix is where bodies that do not fit an item stand in the bucket.
const RawPrefix = "raw/"

// ErrNoBody says that an event's body is gone from the bucket.
var ErrNoBody = errors.New("the body is not in the bucket")

// bodies is the bucket for bodies that do not fit an item.
type bodies struct {
	objects *s3.Client
	bucket  string
}

// putObject keeps a body once: what is there from an earlier try stays as it is.
func (b bodies) putObject(ctx context.Context, it Item) (key string, err error) {
	key = RawPrefix + it.Conversation + "/" + it.ID
	_, err = b.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.bucket, Key: &key, Body: bytes.NewReader(it.Body),
		IfNoneMatch: aws.String("*")})
	if code(err) == "PreconditionFailed" {
		return key, nil
	}
	if err != nil {
		return "", fmt.Errorf("store large event: %w", err)
	}
	return key, nil
}

// getObject needs s3:ListBucket besides: without it S3 answers 403 for what is gone.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (b bodies) getObject(ctx context.Context, key string) ([]byte, error) {
	out, err := b.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &key})
	if code(err) == "NoSuchKey" {
		return nil, ErrNoBody
	}
	if err != nil {
		return nil, fmt.Errorf("read large event: %w", err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("read large event: %w", err)
	}
	return body, nil
}

// load reads it's body where the item does not hold it.
func (b bodies) load(ctx context.Context, it Item) (Item, error) {
	if it.object == "" || it.Body != nil {
		return it, nil
	}
	var err error
	it.Body, err = b.getObject(ctx, it.object)
	return it, err
}

// Finished is the tag of a body whose event is finished: the bucket's rule forgets
// those alone, so that what is unfinished never expires.
const (
	FinishedTag   = "finished"
	FinishedValue = "yes"
)

func (b bodies) releaseObject(ctx context.Context, key string) error {
	_, err := b.objects.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &b.bucket, Key: &key,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String(FinishedTag), Value: aws.String(FinishedValue)}}}})
	if err != nil && code(err) != "NoSuchKey" {
		return fmt.Errorf("release large event: %w", err)
	}
	return nil
}

// code is what a service calls its refusal, or "".
func code(err error) string {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	return ""
}
