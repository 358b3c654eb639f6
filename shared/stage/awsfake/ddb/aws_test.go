package ddb_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// AWS refuses the same item twice in a transaction as a whole; DynamoDB Local cancels the transaction instead, which
// is why this is not part of the suite.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func TestSameItemTwiceInTransaction(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	b := &bench{T: t, client: clientOf(db), table: "relais"}
	b.create()
	check := types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &b.table, Key: key("tx", "twice"),
		ConditionExpression: aws.String("attribute_not_exists(pk)")}}
	b.refused("put and check", "ValidationException", b.transact("", b.txPut("twice", "", nil), check))
}
