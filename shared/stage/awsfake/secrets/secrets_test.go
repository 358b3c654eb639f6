package secrets_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake"
)

func open(t *testing.T) (*secretsmanager.Client, *awsfake.Clock) {
	t.Helper()
	clock := awsfake.NewClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	s, err := awsfake.New(awsfake.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return secretsmanager.New(secretsmanager.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://aws.test"), HTTPClient: s.HTTPClient(), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}), clock
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func value(t *testing.T, c *secretsmanager.Client, in secretsmanager.GetSecretValueInput) string {
	t.Helper()
	out, err := c.GetSecretValue(context.Background(), &in)
	if err != nil {
		return code(err)
	}
	return aws.ToString(out.SecretString) + string(out.SecretBinary)
}

func TestStages(t *testing.T) {
	ctx := context.Background()
	c, _ := open(t)
	id := aws.String("relais/dev/line/demo")
	made, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id, SecretString: aws.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String("two")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretBinary: []byte("three"),
		VersionStages: []string{"AWSPENDING"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: made.ARN,
		SecretString: aws.String("four"), Description: aws.String("d")}); err != nil {
		t.Fatal(err)
	}
	partial := made.ARN
	partial = aws.String((*partial)[:strings.LastIndex(*partial, "-")])
	for _, x := range []struct {
		in   secretsmanager.GetSecretValueInput
		want string
	}{
		{secretsmanager.GetSecretValueInput{SecretId: id}, "four"},
		{secretsmanager.GetSecretValueInput{SecretId: made.ARN}, "four"},
		{secretsmanager.GetSecretValueInput{SecretId: partial}, "four"},
		{secretsmanager.GetSecretValueInput{SecretId: id, VersionStage: aws.String("AWSPREVIOUS")}, "two"},
		{secretsmanager.GetSecretValueInput{SecretId: id, VersionStage: aws.String("AWSPENDING")}, "three"},
		{secretsmanager.GetSecretValueInput{SecretId: id, VersionId: made.VersionId}, "one"},
		{secretsmanager.GetSecretValueInput{SecretId: id, VersionId: two.VersionId, VersionStage: aws.String("AWSPREVIOUS")},
			"two"},
		{secretsmanager.GetSecretValueInput{SecretId: id, VersionId: two.VersionId, VersionStage: aws.String("AWSCURRENT")},
			"ResourceNotFoundException"},
		{secretsmanager.GetSecretValueInput{SecretId: id, VersionStage: aws.String("NONE")}, "ResourceNotFoundException"},
		{secretsmanager.GetSecretValueInput{SecretId: aws.String("none")}, "ResourceNotFoundException"},
	} {
		if got := value(t, c, x.in); got != x.want {
			t.Errorf("%s %s %s: got %s, want %s", *x.in.SecretId, aws.ToString(x.in.VersionId), aws.ToString(x.in.VersionStage),
				got, x.want)
		}
	}
	d, err := c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"AWSPREVIOUS"}, d.VersionIdsToStages[*two.VersionId]); diff != "" ||
		*d.Description != "d" {
		t.Errorf("describe: %s, description %s", diff, *d.Description)
	}
}

func TestTokenMakesCallsIdempotent(t *testing.T) {
	ctx := context.Background()
	c, _ := open(t)
	id, token := aws.String("s"), aws.String(strings.Repeat("t", 32))
	create := func(v string) error {
		_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id, SecretString: &v,
			ClientRequestToken: token})
		return err
	}
	put := func(v string) error {
		_, err := c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: &v,
			ClientRequestToken: token})
		return err
	}
	if err := errors.Join(create("one"), create("one"), put("one")); err != nil {
		t.Error(err)
	}
	if got := code(create("two")); got != "ResourceExistsException" {
		t.Errorf("create with another value: %s", got)
	}
	if got := code(put("two")); got != "ResourceExistsException" {
		t.Errorf("put with another value: %s", got)
	}
	if got := value(t, c, secretsmanager.GetSecretValueInput{SecretId: id}); got != "one" {
		t.Errorf("value %s, want one", got)
	}
}

func TestDeletion(t *testing.T) {
	ctx := context.Background()
	c, clock := open(t)
	id := aws.String("s")
	create := func() error {
		_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id, SecretString: aws.String("x")})
		return err
	}
	remove := func() error {
		_, err := c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: id, RecoveryWindowInDays: aws.Int64(7)})
		return err
	}
	if err := errors.Join(create(), remove()); err != nil {
		t.Fatal(err)
	}
	get := secretsmanager.GetSecretValueInput{SecretId: id}
	if got := value(t, c, get); got != "InvalidRequestException" {
		t.Errorf("value of a secret marked for deletion: %s", got)
	}
	if got := code(create()); got != "InvalidRequestException" {
		t.Errorf("create over a secret marked for deletion: %s", got)
	}
	if _, err := c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: id}); err != nil || value(t, c,
		get) != "x" {
		t.Errorf("restore: %v", err)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	clock.Advance(7 * 24 * time.Hour)
	if got := value(t, c, get); got != "ResourceNotFoundException" {
		t.Errorf("after the recovery window: %s", got)
	}
	if err := create(); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: id,
		ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
		t.Error(err)
	}
	if err := create(); err != nil {
		t.Errorf("after deletion without recovery: %v", err)
	}
}

func TestList(t *testing.T) {
	ctx := context.Background()
	c, _ := open(t)
	for _, n := range []string{"relais/dev/line/b", "relais/dev/line/a", "relais/prod/line/a", "relais/dev/line/c"} {
		if _, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &n,
			SecretString: aws.String("x")}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	p := secretsmanager.NewListSecretsPaginator(c, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(2),
		Filters: []types.Filter{{Key: "name", Values: []string{"relais/dev/"}}}})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.SecretList {
			got = append(got, *s.Name)
		}
	}
	if diff := cmp.Diff([]string{"relais/dev/line/a", "relais/dev/line/b", "relais/dev/line/c"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{Filters: []types.Filter{{Key: "tag-key",
		Values: []string{"x"}}}}); code(err) != "InvalidParameterException" {
		t.Errorf("unknown filter: %v, want it refused", err)
	}
}
