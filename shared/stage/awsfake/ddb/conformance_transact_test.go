package ddb_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func (b *bench) transact(token string, items ...types.TransactWriteItem) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: items}
	if token != "" {
		in.ClientRequestToken = &token
	}
	_, err := b.client.TransactWriteItems(b.Context(), in)
	return err
}

func (b *bench) txPut(sk, condition string, more fields) types.TransactWriteItem {
	p := &types.Put{TableName: &b.table, Item: with(key("tx", sk), more), ReturnValuesOnConditionCheckFailure: "ALL_OLD"}
	if condition != "" {
		p.ConditionExpression = &condition
	}
	return types.TransactWriteItem{Put: p}
}

func (b *bench) txAdd(sk string, n int) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{TableName: &b.table, Key: key("tx", sk),
		UpdateExpression: aws.String("ADD n :n"), ExpressionAttributeValues: fields{":n": num(n)}}}
}

func TestTransactWrite(t *testing.T) {
	b := open(t)
	b.put("tx", "check", nil)
	b.put("tx", "old", nil)
	err := b.transact("", b.txPut("new", "attribute_not_exists(pk)", fields{"v": num(1)}), b.txAdd("counter", 1),
		types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &b.table, Key: key("tx", "check"),
			ConditionExpression: aws.String("attribute_exists(pk)")}},
		types.TransactWriteItem{Delete: &types.Delete{TableName: &b.table, Key: key("tx", "old")}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.client.TransactGetItems(t.Context(),
		&dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: &b.table, Key: key("tx", "new")}},
			{Get: &types.Get{TableName: &b.table, Key: key("tx", "old")}},
			{Get: &types.Get{TableName: &b.table, Key: key("tx", "counter"), ProjectionExpression: aws.String("n")}}}})
	if err != nil {
		t.Fatal(err)
	}
	b.same("read together", []map[string]string{{"v": "1"}, {}, {"n": "1"}},
		[]map[string]string{plain(out.Responses[0].Item), plain(out.Responses[1].Item), plain(out.Responses[2].Item)})
}

func TestTransactionCancelled(t *testing.T) {
	b := open(t)
	b.put("tx", "taken", fields{"v": num(1)})
	err := b.transact("", b.txAdd("counter", 1), b.txPut("taken", "attribute_not_exists(pk)", fields{"v": num(2)}),
		b.txPut("free", "", nil),
		b.txPut("absent", "attribute_exists(pk)", nil))
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		t.Fatalf("got %v, want TransactionCanceledException", err)
	}
	var codes []string
	for _, r := range cancelled.CancellationReasons {
		codes = append(codes, aws.ToString(r.Code))
	}
	b.same("codes", []string{"None", "ConditionalCheckFailed", "None", "ConditionalCheckFailed"}, codes)
	b.same("item found", map[string]string{"v": "1"}, plain(cancelled.CancellationReasons[1].Item))
	b.same("no item found", 0, len(cancelled.CancellationReasons[3].Item))
	b.same("counter", map[string]string{}, b.get("tx", "counter"))
	b.same("taken", map[string]string{"v": "1"}, b.get("tx", "taken"))
}

func TestTransactionToken(t *testing.T) {
	b := open(t)
	token := b.table[max(0, len(b.table)-30):]
	for range 2 {
		if err := b.transact(token, b.txAdd("counter", 1)); err != nil {
			t.Fatal(err)
		}
	}
	b.same("applied once", map[string]string{"n": "1"}, b.get("tx", "counter"))
	b.refused("other content", "IdempotentParameterMismatchException", b.transact(token, b.txAdd("counter", 2)))
}

func TestTransactionRefusals(t *testing.T) {
	b := open(t)
	var many []types.TransactWriteItem
	for i := range 101 {
		many = append(many, b.txPut(fmt.Sprint(i), "", nil))
	}
	b.refused("101 items", "ValidationException", b.transact("", many...))
	if err := b.transact("", many[:100]...); err != nil {
		t.Errorf("100 items: %v", err)
	}
	bad := b.txAdd("x", 1)
	bad.Update.UpdateExpression = aws.String("ADD status :n")
	b.refused("reserved word", "ValidationException", b.transact("", bad))
	bad.Update.UpdateExpression = aws.String("SET sk = :n")
	bad.Update.ExpressionAttributeValues = fields{":n": text("y")}
	b.refused("update of a key", "TransactionCanceledException", b.transact("", bad))
}
