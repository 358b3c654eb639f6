package ddb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// What other emulators' suites, checked against AWS, know of DynamoDB, in our own words.

// updateError is what an update comes to.
func (b *bench) updateError(expression string, values fields) error {
	_, err := b.update("p", "s", expression, values)
	return err
}

// said checks that err is a ValidationException with this in its message.
func (b *bench) said(what, want string, err error) {
	b.Helper()
	b.refused(what, "ValidationException", err)
	if err != nil && !strings.Contains(err.Error(), want) {
		b.Errorf("%s: %v does not say %q", what, err, want)
	}
}

// TestWrongKeyInTransaction: a key that does not fit the table cancels the transaction, with a reason.
func TestWrongKeyInTransaction(t *testing.T) {
	b := open(t)
	wrong := fields{"pk": num(1), "sk": text("x")}
	for name, item := range map[string]types.TransactWriteItem{
		"put":    {Put: &types.Put{TableName: &b.table, Item: wrong}},
		"delete": {Delete: &types.Delete{TableName: &b.table, Key: wrong}},
		"no key": {Delete: &types.Delete{TableName: &b.table, Key: fields{"pk": text("x")}}},
	} {
		err := b.transact("", b.txPut("good", "", nil), item, item)
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) {
			t.Errorf("%s: got %v, want TransactionCanceledException", name, err)
			continue
		}
		var codes []string
		for _, r := range cancelled.CancellationReasons {
			codes = append(codes, aws.ToString(r.Code))
		}
		b.same(name, []string{"None", "ValidationError", "ValidationError"}, codes)
	}
	b.same("nothing was written", map[string]string{}, b.get("tx", "good"))
}

func TestParenthesesInSet(t *testing.T) {
	b := open(t)
	b.put("p", "s", fields{"a": num(1), "b": num(2)})
	for expression, want := range map[string]string{"SET c = ((a)+(b))": "3", "SET c = (a)+(b)": "3",
		"SET c = (a+b)": "3"} {
		if err := b.updateError(expression, nil); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
		b.same(expression, want, b.get("p", "s")["c"])
	}
	for _, expression := range []string{"SET c = ((a+b))", "SET c = ((a))"} {
		b.said(expression, "redundant parentheses", b.updateError(expression, nil))
	}
}

func TestDeleteThroughAWrongPath(t *testing.T) {
	b := open(t)
	b.put("p", "s", fields{"word": text("x"), "doc": &types.AttributeValueMemberM{Value: fields{}}})
	values := fields{":s": set("x")}
	for _, path := range []string{"word.x", "word[0]", "doc[0]", "gone.x"} {
		b.said(path, "document path", b.updateError("DELETE "+path+" :s", values))
	}
	b.said("of another type", "incorrect data type", b.updateError("DELETE word :s", values))
	if err := b.updateError("DELETE doc.x :s", values); err != nil {
		t.Errorf("from nothing: %v", err)
	}
}

// TestValidationBeforeMissingTable: what is wrong with a request is told first.
func TestValidationBeforeMissingTable(t *testing.T) {
	b := open(t)
	ctx, none, bad := t.Context(), aws.String("no-such-table"), aws.String("a = = b")
	value := fields{"pk": &types.AttributeValueMemberN{Value: "x"}, "sk": text("x")}
	calls := map[string]func(bad *string, key fields) error{
		"GetItem": func(bad *string, k fields) error {
			_, err := b.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: none, Key: k, ProjectionExpression: bad})
			return err
		},
		"PutItem": func(bad *string, k fields) error {
			_, err := b.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: none, Item: k, ConditionExpression: bad})
			return err
		},
		"UpdateItem": func(bad *string, k fields) error {
			_, err := b.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: none, Key: k, UpdateExpression: bad})
			return err
		},
		"Query": func(bad *string, k fields) error {
			_, err := b.client.Query(ctx, &dynamodb.QueryInput{TableName: none, FilterExpression: bad, ExclusiveStartKey: k,
				KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: fields{":p": text("x")}})
			return err
		},
		"Scan": func(bad *string, k fields) error {
			_, err := b.client.Scan(ctx, &dynamodb.ScanInput{TableName: none, FilterExpression: bad, ExclusiveStartKey: k})
			return err
		},
		"TransactWriteItems": func(bad *string, k fields) error {
			return b.transact("", types.TransactWriteItem{Put: &types.Put{TableName: none, Item: k, ConditionExpression: bad}})
		},
		"BatchGetItem": func(bad *string, k fields) error {
			_, err := b.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				*none: {Keys: []fields{k}, ProjectionExpression: bad}}})
			return err
		},
	}
	for name, call := range calls {
		b.refused(name+" with a bad expression", "ValidationException", call(bad, key("p", "s")))
		b.refused(name+" with a bad number", "ValidationException", call(nil, value))
		b.refused(name, "ResourceNotFoundException", call(nil, key("p", "s")))
	}
}

func TestARNAsTableName(t *testing.T) {
	b := open(t)
	out, err := b.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &b.table})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(out.Table.TableArn)
	if aws.ToString(out.Table.TableId) == "" {
		t.Error("the table has no id")
	}
	name := b.table
	b.table = arn
	b.put("p", "s", fields{"a": num(1)})
	b.same("item", map[string]string{"a": "1"}, b.get("p", "s"))
	err = b.transact("", b.txPut("x", "", nil), types.TransactWriteItem{Delete: &types.Delete{TableName: &name,
		Key: key("p", "s")}})
	if err != nil {
		t.Error(err)
	}
	batch, err := b.client.BatchGetItem(t.Context(),
		&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			arn: {Keys: []fields{key("tx", "x")}}}})
	if err != nil {
		t.Fatal(err)
	}
	b.same("batch", 1, len(batch.Responses[arn]))
	if again, err := b.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &arn}); err != nil {
		t.Error(err)
	} else {
		b.same("id", out.Table.TableId, again.Table.TableId)
	}
	b.table = name
}

func TestBatchGetStopsBelow16MB(t *testing.T) {
	b := open(t)
	var all []fields
	for i := range 50 {
		sk := fmt.Sprintf("%02d", i)
		b.put("p", sk, fields{"body": text(strings.Repeat("x", 380<<10))})
		all = append(all, key("p", sk))
	}
	out, err := b.client.BatchGetItem(t.Context(),
		&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			b.table: {Keys: all}}})
	if err != nil {
		t.Fatal(err)
	}
	want := (16 << 20) / (380<<10 + len("body") + len("pkp") + len("sk00"))
	b.same("items", want, len(out.Responses[b.table]))
	b.same("left", 50-want, len(out.UnprocessedKeys[b.table].Keys))
}

func TestKeysAreScalars(t *testing.T) {
	b := open(t)
	ctx := t.Context()
	b.put("p", "s", nil)
	value := fields{":v": text("x")}
	const scalars = "Key attributes must be scalars"
	for path, want := range map[string]string{"pk.a": ": Key: pk", "sk[0]": ": Key: sk", "due.x": "IndexKey: due"} {
		_, get := b.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &b.table, Key: key("p", "s"),
			ProjectionExpression: &path})
		_, put := b.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &b.table, Item: key("p", "s"),
			ConditionExpression: aws.String(path + " = :v"), ExpressionAttributeValues: value})
		_, query := b.client.Query(ctx, &dynamodb.QueryInput{TableName: &b.table,
			FilterExpression:       aws.String(path + " = :v"),
			KeyConditionExpression: aws.String("pk = :v"), ExpressionAttributeValues: value})
		for what, err := range map[string]error{"get": get, "put": put, "query": query,
			"update": b.updateError("SET "+path+" = :v", value), "read": b.updateError("SET x = "+path, nil)} {
			b.said(what+" "+path, scalars, err)
			b.said(what+" "+path, want, err)
		}
	}
}

func TestCreateTableShowsOrRefuses(t *testing.T) {
	b := open(t)
	ctx := t.Context()
	create := func(change func(*dynamodb.CreateTableInput)) (*types.TableDescription, error) {
		in := tableInput("relais-" + fmt.Sprint(time.Now().UnixNano()))
		change(in)
		out, err := b.client.CreateTable(ctx, in)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			b.client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: in.TableName})
		})
		return out.TableDescription, nil
	}
	_, err := create(func(in *dynamodb.CreateTableInput) { in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{} })
	b.said("no global index", "GlobalSecondaryIndexes is empty", err)
	_, err = create(func(in *dynamodb.CreateTableInput) { in.LocalSecondaryIndexes = []types.LocalSecondaryIndex{} })
	b.said("no local index", "LocalSecondaryIndexes is empty", err)
	_, err = create(func(in *dynamodb.CreateTableInput) { in.TableClass = "CHEAP" })
	b.refused("unknown class", "ValidationException", err)
	d, err := create(func(in *dynamodb.CreateTableInput) {
		in.TableClass = types.TableClassStandardInfrequentAccess
		in.SSESpecification = &types.SSESpecification{Enabled: aws.Bool(true)}
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.TableClassSummary == nil || d.TableClassSummary.TableClass != types.TableClassStandardInfrequentAccess {
		t.Errorf("class %+v", d.TableClassSummary)
	}
	if d.SSEDescription == nil || d.SSEDescription.SSEType != types.SSETypeKms {
		t.Errorf("encryption %+v", d.SSEDescription)
	}
	long := strings.Repeat("x", 256)
	_, err = b.client.ListTables(ctx, &dynamodb.ListTablesInput{ExclusiveStartTableName: &long})
	b.refused("a start name of 256 characters", "ValidationException", err)
}
