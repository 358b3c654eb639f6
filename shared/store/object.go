package store

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// RawPrefix is where bodies that do not fit an item stand in the bucket.
const RawPrefix = "raw/"

func (t *Table) putObject(ctx context.Context, it Item) (key string, err error) {
	key = RawPrefix + it.Conversation + "/" + it.ID
	_, err = t.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &t.bucket, Key: &key, Body: bytes.NewReader(it.Body)})
	if err != nil {
		return "", fmt.Errorf("store large event: %w", err)
	}
	return key, nil
}

func (t *Table) getObject(ctx context.Context, key string) ([]byte, error) {
	out, err := t.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &t.bucket, Key: &key})
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
