package media

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// TestNotUploaded: a file that a visitor announced and did not send is the message's fault, with the permissions that
// functions have, which may not list the bucket.
func TestNotUploaded(t *testing.T) {
	for _, mayList := range []bool{false, true} {
		server, err := awsfake.New(awsfake.Options{Authorize: func(_, action, _ string) bool {
			return mayList || action != "s3:ListBucket"
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		client := s3.New(s3.Options{Region: awsfake.Region, BaseEndpoint: aws.String("http://aws.test"), UsePathStyle: true,
			HTTPClient: server.HTTPClient(), Credentials: credentials.NewStaticCredentialsProvider("inapp", "x", "")})
		bucket := "bucket"
		if _, err := client.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
		_, err = (&Files{objects: client, bucket: bucket}).openUpload(context.Background(), "uploads/none")
		var refusal *channel.Error
		if !errors.As(err, &refusal) || refusal.Class != events.ClassMedia {
			t.Errorf("may list %v: got %v, want class %s", mayList, err, events.ClassMedia)
		}
	}
}
