package ddb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
)

// filled is a DB with 20,000 items in 200 partitions.
func filled(b *testing.B) *ddb.DB {
	db, _ := newDB(b, time.Now, b.TempDir())
	must(b, db, "CreateTable", tableBody)
	for i := range 20_000 {
		must(b, db, "PutItem", item(i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	return db
}

func item(i int) string {
	return fmt.Sprintf(`{"TableName":"cost","Item":{"pk":{"S":"c%d"},"sk":{"S":"%08d"},"pend":{"N":"%d"},"d":{"S":"%s"}}}`, i%200, i, i, strings.Repeat("x", 400))
}

func BenchmarkPutItem(b *testing.B) {
	db := filled(b)
	for i := range b.N {
		must(b, db, "PutItem", item(20_000+i))
	}
}

func BenchmarkQuery20(b *testing.B) {
	db := filled(b)
	for i := range b.N {
		reply := must(b, db, "Query",
			fmt.Sprintf(`{"TableName":"cost","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"c%d"}},"Limit":20,"ScanIndexForward":false}`, i%200))
		asJSON(b, reply)
	}
}

func BenchmarkTransactWrite2(b *testing.B) {
	db := filled(b)
	for i := range b.N {
		must(b, db, "TransactWriteItems", fmt.Sprintf(`{"ClientRequestToken":"token-%d","TransactItems":[
			{"Put":{"TableName":"cost","Item":{"pk":{"S":"t%d"},"sk":{"S":"%d"}},"ConditionExpression":"attribute_not_exists(pk)"}},
			{"Update":{"TableName":"cost","Key":{"pk":{"S":"t%d"},"sk":{"S":"count"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}]}`, i, i%8, i, i%8))
	}
}
