package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/store"
)

func newAudit(t *testing.T) (*store.Audit, *dynamodb.Client) {
	t.Helper()
	server, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	db := cloud.NewClients(cloud.Work.Apply(aws.Config{Region: "us-east-1",
		BaseEndpoint: aws.String("http://aws.local"), HTTPClient: server.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")})).DynamoDB
	_, err = db.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("relais"),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("c"), AttributeType: "S"},
			{AttributeName: aws.String("s"), AttributeType: "S"}},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("c"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("s"), KeyType: types.KeyTypeRange}}})
	if err != nil {
		t.Fatal(err)
	}
	return store.NewAudit(store.Place{DB: db, Table: "relais"}), db
}

// TestAuditDay: a day's records come in their order and each once, whatever the size of
// pages, from all shards and from no other day.
func TestAuditDay(t *testing.T) {
	a, _ := newAudit(t)
	midnight := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	var want []string
	for i := range 57 {
		want = append(want, fmt.Sprint(i))
		at := midnight.Add(time.Duration(i) * 1514 * time.Second).In(time.FixedZone("east", 9*3600))
		if err := a.Add(t.Context(), at, []byte(want[i])); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []time.Time{midnight.Add(-1), midnight.Add(24 * time.Hour)} {
		if err := a.Add(t.Context(), at, []byte("another day")); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 2, 7, 57, 100} {
		var got []string
		cursor := ""
		for range 100 {
			page, err := a.Day(t.Context(), "2026-08-01", cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Records) > limit {
				t.Errorf("a page of %d has %d records", limit, len(page.Records))
			}
			for _, r := range page.Records {
				got = append(got, string(r))
			}
			if cursor = page.Cursor; cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || cursor != "" {
			t.Errorf("in pages of %d (-want +got):\n%s", limit, diff)
		}
	}
}

// TestAuditOfLargeRecords: DynamoDB ends a shard's page at 1 MB, at another time in each.
func TestAuditOfLargeRecords(t *testing.T) {
	a, _ := newAudit(t)
	const n = 80
	padding := strings.Repeat(" ", 100<<10)
	for i := range n {
		at := time.Date(2026, 8, 1, 0, 0, i, 0, time.UTC)
		if err := a.Add(t.Context(), at, []byte(fmt.Sprint(i)+padding)); err != nil {
			t.Fatal(err)
		}
	}
	seen, cursor := 0, ""
	for range n {
		page, err := a.Day(t.Context(), "2026-08-01", cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			if got := strings.TrimSpace(string(r)); got != fmt.Sprint(seen) {
				t.Fatalf("record %s comes as number %d", got, seen)
			}
			seen++
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	if seen != n || cursor != "" {
		t.Errorf("%d records of %d", seen, n)
	}
}

func TestAuditCursors(t *testing.T) {
	a, _ := newAudit(t)
	for i := range 3 {
		if err := a.Add(t.Context(), time.Date(2026, 8, 1, i, 0, 0, 0, time.UTC), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	page, err := a.Day(t.Context(), "2026-08-01", "", 1)
	if err != nil || page.Cursor == "" {
		t.Fatal(page, err)
	}
	for _, x := range []struct{ day, cursor string }{{"2026-08-02", page.Cursor}, {"2026-08-01", "!"},
		{"2026-08-01", "AA"}} {
		if _, err := a.Day(t.Context(), x.day, x.cursor, 1); !errors.Is(err, store.ErrCursor) {
			t.Errorf("%+v: %v", x, err)
		}
	}
}

// TestAuditIsForgotten: a record has a year to live, and says so where DynamoDB looks.
func TestAuditIsForgotten(t *testing.T) {
	a, db := newAudit(t)
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	if err := a.Add(t.Context(), at, []byte("x")); err != nil {
		t.Fatal(err)
	}
	out, err := db.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("relais")})
	if err != nil || len(out.Items) != 1 {
		t.Fatal(out, err)
	}
	want := fmt.Sprint(at.Add(365 * 24 * time.Hour).Unix())
	if x, ok := out.Items[0]["x"].(*types.AttributeValueMemberN); !ok || x.Value != want {
		t.Errorf("forgotten at %v, want %s", out.Items[0]["x"], want)
	}
}
