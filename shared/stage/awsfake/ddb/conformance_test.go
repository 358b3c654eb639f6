package ddb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// The conformance suite asks an endpoint, through the real SDK, for what Relais relies on. It runs against the DB in
// this process, or against the endpoint in RELAIS_DYNAMODB_ENDPOINT: DynamoDB Local, or AWS itself.
const endpointVariable = "RELAIS_DYNAMODB_ENDPOINT"

type fields = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.Itoa(n)}
}
func set(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }

// transport hands the SDK's requests to a DB.
type transport struct{ db *ddb.DB }

func (t transport) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	reply, _, _, err := t.db.Call(strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810."), body, 0)
	if err != nil {
		wire.WriteError(w, "application/x-amz-json-1.0", err)
	} else if err := wire.WriteReply(w, "application/x-amz-json-1.0", reply); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func newDB(t testing.TB, now func() time.Time, dir string) (*ddb.DB, *keep.Log) {
	t.Helper()
	log, err := keep.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := ddb.New(now, log, "us-east-1", "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	return db, log
}

func clientOf(db *ddb.DB) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://in.process"),
		HTTPClient:  transport{db},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1})
}

// A bench is a table of the shape that Relais has, on the endpoint under test.
type bench struct {
	*testing.T
	client *dynamodb.Client
	table  string
}

// open makes a fresh table: a sparse local index with a number as range key, a sparse global one that holds only keys,
// and one that includes an attribute.
func open(t *testing.T) *bench {
	b := &bench{T: t, table: "relais-" + strconv.FormatInt(time.Now().UnixNano(), 36)}
	if endpoint := os.Getenv(endpointVariable); endpoint != "" {
		b.client = dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &endpoint,
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	} else {
		db, _ := newDB(t, time.Now, "")
		b.client = clientOf(db)
	}
	b.create()
	t.Cleanup(func() {
		b.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &b.table})
	})
	return b
}

func keys(hash, rng string) []types.KeySchemaElement {
	return []types.KeySchemaElement{{AttributeName: &hash, KeyType: "HASH"}, {AttributeName: &rng, KeyType: "RANGE"}}
}

func tableInput(name string) *dynamodb.CreateTableInput {
	define := func(name string, t types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: t}
	}
	return &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: keys("pk", "sk"),
		AttributeDefinitions: []types.AttributeDefinition{define("pk", "S"), define("sk", "S"), define("pend", "N"),
			define("lane", "S"), define("due", "N")},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{
			{IndexName: aws.String("pending"), KeySchema: keys("pk", "pend"),
				Projection: &types.Projection{ProjectionType: "KEYS_ONLY"}}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			{IndexName: aws.String("due"), KeySchema: keys("lane", "due"),
				Projection: &types.Projection{ProjectionType: "KEYS_ONLY"}},
			{IndexName: aws.String("named"), KeySchema: keys("lane", "sk"),
				Projection: &types.Projection{ProjectionType: "INCLUDE", NonKeyAttributes: []string{"label"}}}},
	}
}

func (b *bench) create() {
	b.Helper()
	if _, err := b.client.CreateTable(b.Context(), tableInput(b.table)); err != nil {
		b.Fatal(err)
	}
	w := dynamodb.NewTableExistsWaiter(b.client,
		func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
	if err := w.Wait(b.Context(), &dynamodb.DescribeTableInput{TableName: &b.table}, time.Minute); err != nil {
		b.Fatal(err)
	}
}

func key(pk, sk string) fields { return fields{"pk": text(pk), "sk": text(sk)} }

func with(base fields, more fields) fields {
	for k, v := range more {
		base[k] = v
	}
	return base
}

func (b *bench) put(pk, sk string, more fields) {
	b.Helper()
	if _, err := b.client.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: with(key(pk, sk),
		more)}); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) get(pk, sk string) map[string]string {
	b.Helper()
	out, err := b.client.GetItem(b.Context(), &dynamodb.GetItemInput{TableName: &b.table, Key: key(pk, sk),
		ConsistentRead: aws.Bool(true)})
	if err != nil {
		b.Fatal(err)
	}
	return plain(out.Item)
}

// plain shows an item as text, sets in order, without the key.
func plain(it fields) map[string]string {
	out := map[string]string{}
	for name, v := range it {
		if name != "pk" && name != "sk" {
			out[name] = show(v)
		}
	}
	return out
}

func show(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberSS:
		slices.Sort(v.Value)
		return "{" + strings.Join(v.Value, " ") + "}"
	case *types.AttributeValueMemberL:
		parts := make([]string, len(v.Value))
		for i, e := range v.Value {
			parts[i] = show(e)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *types.AttributeValueMemberM:
		return fmt.Sprint(plain(v.Value))
	}
	return fmt.Sprintf("%T", v)
}

func (b *bench) same(what string, want, got any) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused checks the code of a refusal, which is all that programs may rely on.
func (b *bench) refused(what, code string, err error) {
	b.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		b.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func (b *bench) update(pk, sk, expression string, values fields) (map[string]string, error) {
	out, err := b.client.UpdateItem(b.Context(), &dynamodb.UpdateItemInput{TableName: &b.table, Key: key(pk, sk),
		UpdateExpression:          &expression,
		ExpressionAttributeValues: values, ReturnValues: "ALL_NEW"})
	if err != nil {
		return nil, err
	}
	return plain(out.Attributes), nil
}

func TestConditionalPut(t *testing.T) {
	b := open(t)
	in := &dynamodb.PutItemInput{TableName: &b.table, Item: with(key("c", "1"), fields{"v": num(1)}),
		ConditionExpression:                 aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: "ALL_OLD"}
	if _, err := b.client.PutItem(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in.Item["v"] = num(2)
	_, err := b.client.PutItem(t.Context(), in)
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		t.Fatalf("second put: got %v, want ConditionalCheckFailedException", err)
	}
	b.same("item with the failure", map[string]string{"v": "1"}, plain(failed.Item))
	b.same("stored", map[string]string{"v": "1"}, b.get("c", "1"))

	in.ReturnValuesOnConditionCheckFailure = "NONE"
	if _, err = b.client.PutItem(t.Context(), in); !errors.As(err, &failed) || failed.Item != nil {
		t.Errorf("put without ALL_OLD: got %v with item %v", err, failed.Item)
	}
	in.ConditionExpression = nil
	in.ReturnValuesOnConditionCheckFailure = ""
	in.ReturnValues = "ALL_OLD"
	out, err := b.client.PutItem(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	b.same("ALL_OLD", map[string]string{"v": "1"}, plain(out.Attributes))
}

func TestUpdate(t *testing.T) {
	b := open(t)
	b.put("u", "1", fields{"n": num(5), "tags": set("a", "b"), "gone": text("x"),
		"li": &types.AttributeValueMemberL{Value: []types.AttributeValue{num(0), num(1), num(2)}},
		"mp": &types.AttributeValueMemberM{Value: fields{"in": num(1)}}})
	base := map[string]string{"n": "5", "tags": "{a b}", "gone": "x", "li": "[0 1 2]", "mp": "map[in:1]"}
	for _, step := range []struct {
		expression string
		values     fields
		change     map[string]string // "" means: no longer there
	}{
		{"SET a = :a, m = if_not_exists(m, :a)", fields{":a": text("v")}, map[string]string{"a": "v", "m": "v"}},
		{"SET n = n + :one, k = n", fields{":one": num(1)}, map[string]string{"n": "6", "k": "5"}},
		{"SET n = n - :one", fields{":one": &types.AttributeValueMemberN{Value: "0.1"}}, map[string]string{"n": "5.9"}},
		{"REMOVE gone, never", nil, map[string]string{"gone": ""}},
		{"ADD fresh :one, k :one", fields{":one": num(1)}, map[string]string{"fresh": "1", "k": "6"}},
		{"ADD tags :t", fields{":t": set("b", "c")}, map[string]string{"tags": "{a b c}"}},
		{"DELETE tags :t", fields{":t": set("a", "zz")}, map[string]string{"tags": "{b c}"}},
		{"DELETE tags :t", fields{":t": set("b", "c")}, map[string]string{"tags": ""}},
		{"SET li[1] = :x, li[9] = :x REMOVE li[0]", fields{":x": text("x")}, map[string]string{"li": "[x 2 x]"}},
		{"SET mp.deep = mp.#in", nil, map[string]string{"mp": "map[deep:1 in:1]"}},
		{"SET li = list_append(li, :l)",
			fields{":l": &types.AttributeValueMemberL{Value: []types.AttributeValue{text("y")}}},
			map[string]string{"li": "[x 2 x y]"}},
	} {
		in := &dynamodb.UpdateItemInput{TableName: &b.table, Key: key("u", "1"), UpdateExpression: &step.expression,
			ExpressionAttributeValues: step.values, ReturnValues: "ALL_NEW"}
		if strings.Contains(step.expression, "#in") {
			in.ExpressionAttributeNames = map[string]string{"#in": "in"}
		}
		out, err := b.client.UpdateItem(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", step.expression, err)
			continue
		}
		for name, v := range step.change {
			base[name] = v
			if v == "" {
				delete(base, name)
			}
		}
		b.same(step.expression, base, plain(out.Attributes))
	}
	b.same("stored", base, b.get("u", "1"))
}

func TestUpdateOfNothing(t *testing.T) {
	b := open(t)
	got, err := b.update("none", "1", "SET a = if_not_exists(a, :v) ADD n :n", fields{":v": text("x"), ":n": num(2)})
	if err != nil {
		t.Fatal(err)
	}
	b.same("created", map[string]string{"a": "x", "n": "2"}, got)
}

func TestReturnValues(t *testing.T) {
	b := open(t)
	for mode, want := range map[types.ReturnValue]map[string]string{
		"NONE": {}, "ALL_OLD": {"n": "2", "a": "x"}, "ALL_NEW": {"n": "3", "a": "x"}, "UPDATED_OLD": {"n": "2"},
		"UPDATED_NEW": {"n": "3"},
	} {
		b.put("mode", "1", fields{"n": num(2), "a": text("x")})
		out, err := b.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &b.table, Key: key("mode", "1"),
			UpdateExpression:          aws.String("ADD n :n"),
			ExpressionAttributeValues: fields{":n": num(1)}, ReturnValues: mode})
		if err != nil {
			t.Fatal(err)
		}
		b.same(string(mode), want, plain(out.Attributes))
	}
}

func TestConditions(t *testing.T) {
	b := open(t)
	b.put("cond", "1", fields{"n": num(10), "s": text("hello"), "tags": set("a", "b"),
		"li": &types.AttributeValueMemberL{Value: []types.AttributeValue{text("x")}}})
	values := fields{":n": num(10), ":two": num(2), ":s": text("hel"), ":x": text("x"), ":a": text("a"), ":N": text("N"),
		":five": num(5)}
	for condition, want := range map[string]bool{
		"n = :n":                              true,
		"n < :two":                            false,
		"n >= :n AND NOT n = :two":            true,
		"n = :two OR n = :n":                  true,
		"NOT n = :two AND n = :two OR n = :n": true,
		"n BETWEEN :two AND :n":               true,
		"n IN (:two, :n)":                     true,
		"begins_with(s, :s)":                  true,
		"contains(s, :s)":                     true,
		"contains(tags, :a)":                  true,
		"contains(li, :x)":                    true,
		"contains(li, :a)":                    false,
		"attribute_type(n, :N)":               true,
		"attribute_type(s, :N)":               false,
		"size(s) = :five":                     true,
		"size(tags) = :two":                   true,
		"attribute_exists(li[0])":             true,
		"attribute_exists(li[1])":             false,
		"attribute_not_exists(n.deep)":        true,
		"nope = :n":                           false,
		"nope <> :n":                          true,
		"nope < :n":                           false,
		"s < :n":                              false,
		"(n = :n AND (s = :s OR attribute_exists(s)))": true,
	} {
		in := &dynamodb.UpdateItemInput{TableName: &b.table, Key: key("cond", "1"),
			UpdateExpression: aws.String("REMOVE nothing"), ConditionExpression: &condition,
			ExpressionAttributeValues: fields{}}
		for name, v := range values {
			if strings.Contains(condition+" ", name+" ") || strings.Contains(condition, name+")") || strings.Contains(condition,
				name+",") {
				in.ExpressionAttributeValues[name] = v
			}
		}
		if len(in.ExpressionAttributeValues) == 0 {
			in.ExpressionAttributeValues = nil
		}
		_, err := b.client.UpdateItem(t.Context(), in)
		switch {
		case want && err != nil:
			t.Errorf("%s: %v", condition, err)
		case !want:
			b.refused(condition, "ConditionalCheckFailedException", err)
		}
	}
}

func TestRefusals(t *testing.T) {
	b := open(t)
	b.put("r", "1", fields{"s": text("text"), "n": num(1)})
	for _, bad := range []struct {
		expression string
		names      map[string]string
		values     fields
	}{
		{"SET status = :v", nil, fields{":v": text("x")}},
		{"SET #s = :v", nil, fields{":v": text("x")}},
		{"SET a = :v", nil, nil},
		{"SET a = :v", nil, fields{":v": text("x"), ":unused": text("y")}},
		{"SET a = :v", map[string]string{"#unused": "b"}, fields{":v": text("x")}},
		{"SET sk = :v", nil, fields{":v": text("x")}},
		{"REMOVE pk", nil, nil},
		{"SET a = :v, a = :v", nil, fields{":v": text("x")}},
		{"SET a.b = :v REMOVE a", nil, fields{":v": text("x")}},
		{"SET a = :v SET b = :v", nil, fields{":v": text("x")}},
		{"SET a = missing", nil, nil},
		{"SET missing.inner = :v", nil, fields{":v": text("x")}},
		{"SET s = s + :v", nil, fields{":v": num(1)}},
		{"ADD s :v", nil, fields{":v": num(1)}},
		{"ADD s :v", nil, fields{":v": text("x")}},
		{"DELETE n :v", nil, fields{":v": set("x")}},
		{"SET lane = :v", nil, fields{":v": num(1)}},
		{"SET lane = :v", nil, fields{":v": text("")}},
		{"SET a = ", nil, nil},
		{"SET a == :v", nil, fields{":v": text("x")}},
		{"FROB a", nil, nil},
		{"", nil, nil},
		{"SET a = :v", nil, fields{":v": &types.AttributeValueMemberN{Value: "one"}}},
		{"SET a = :v", nil, fields{":v": &types.AttributeValueMemberN{Value: "123456789012345678901234567890123456789"}}},
		{"SET a = :v", nil, fields{":v": &types.AttributeValueMemberN{Value: "1e126"}}},
		{"SET a = :v", nil, fields{":v": set("x", "x")}},
	} {
		_, err := b.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &b.table, Key: key("r", "1"),
			UpdateExpression:         &bad.expression,
			ExpressionAttributeNames: bad.names, ExpressionAttributeValues: bad.values})
		b.refused(fmt.Sprintf("%q", bad.expression), "ValidationException", err)
	}
	b.same("untouched", map[string]string{"s": "text", "n": "1"}, b.get("r", "1"))
}

func TestWrongKeys(t *testing.T) {
	b := open(t)
	for name, it := range map[string]fields{
		"no range key":        {"pk": text("x")},
		"number as hash key":  {"pk": num(1), "sk": text("x")},
		"empty range key":     {"pk": text("x"), "sk": text("")},
		"wrong type in index": {"pk": text("x"), "sk": text("x"), "due": text("soon")},
		"long hash key":       {"pk": text(strings.Repeat("x", 2049)), "sk": text("x")},
		"long range key":      {"pk": text("x"), "sk": text(strings.Repeat("x", 1025))},
	} {
		_, err := b.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: it})
		b.refused(name, "ValidationException", err)
	}
	_, err := b.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &b.table, Key: with(key("x", "y"),
		fields{"z": text("z")})})
	b.refused("too many keys", "ValidationException", err)
	_, err = b.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("no-such-table"), Key: key("x",
		"y")})
	b.refused("no such table", "ResourceNotFoundException", err)
}

func TestItemSize(t *testing.T) {
	b := open(t)
	// pk + "s", sk + "1" and the name "d" leave this much of 400 KB.
	room := 400*1024 - len("pks") - len("sk1") - len("d")
	b.put("s", "1", fields{"d": text(strings.Repeat("x", room))})
	_, err := b.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: with(key("s", "1"),
		fields{"d": &types.AttributeValueMemberB{Value: bytes.Repeat([]byte{1}, room+1)}})})
	b.refused("put of one byte more", "ValidationException", err)
	_, err = b.update("s", "1", "SET e = :e", fields{":e": text("x")})
	b.refused("update that adds", "ValidationException", err)
}
