package awsfake

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
)

// A tableRequest is what of a DynamoDB request says which tables it touches and how.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html
type tableRequest struct {
	TableName, IndexName string
	itemRequest
	queryRequest
	TransactItems []map[string]struct {
		TableName string
		itemRequest
	} // the verb: Put, Update, Delete, ConditionCheck or Get
	RequestItems map[string]json.RawMessage // by table, of batches
}

// An itemRequest names one item.
type itemRequest struct {
	Key, Item map[string]struct{ S *string }
}

// leading are the values of the item's attributes that may be its partition key.
func (r itemRequest) leading(hash string) string {
	for _, item := range []map[string]struct{ S *string }{r.Key, r.Item} {
		if s := item[hash].S; s != nil {
			return *s
		}
	}
	return ""
}

// A queryRequest names one partition.
type queryRequest struct {
	KeyConditionExpression    string
	ExpressionAttributeValues map[string]struct{ S *string }
}

// leading is the partition that is read, where the condition names it plainly: "c = :c AND s > :s".
func (r queryRequest) leading(hash string) string {
	for _, condition := range strings.Split(r.KeyConditionExpression, " AND ") {
		words := strings.Fields(condition)
		if len(words) != 3 || words[0] != hash || words[1] != "=" {
			continue
		}
		if s := r.ExpressionAttributeValues[words[2]].S; s != nil {
			return *s
		}
	}
	return ""
}

// tablePermissions are what a DynamoDB request needs. What cannot be read here is refused by the operation itself.
// hash is the name of a table's partition key.
func tablePermissions(action string, body []byte, hash func(table string) string) []permission {
	var in tableRequest
	json.Unmarshal(body, &in)
	var all []permission
	for _, item := range in.TransactItems {
		for _, verb := range slices.Sorted(maps.Keys(item)) {
			all = append(all, permission{"dynamodb:" + itemAction(verb), "table/" + ddb.TableName(item[verb].TableName),
				item[verb].leading(hash(ddb.TableName(item[verb].TableName)))})
		}
	}
	for _, table := range slices.Sorted(maps.Keys(in.RequestItems)) {
		name := ddb.TableName(table)
		for _, leading := range leadingOf(in.RequestItems[table], hash(name)) {
			all = append(all, permission{"dynamodb:" + action, "table/" + name, leading})
		}
	}
	if len(all) > 0 {
		return all
	}
	resource := "table/" + ddb.TableName(in.TableName)
	switch {
	case in.TableName == "":
		resource = "table/*"
	case in.IndexName != "":
		resource += "/index/" + in.IndexName
	}
	key := hash(ddb.TableName(in.TableName))
	leading := cmp.Or(in.itemRequest.leading(key), in.queryRequest.leading(key))
	return []permission{{"dynamodb:" + action, resource, leading}}
}

// leadingOf are the partitions that a batch reads of a table; of one that writes, which none of our
// functions may, it is "".
func leadingOf(request json.RawMessage, hash string) []string {
	var read struct {
		Keys []map[string]struct{ S *string }
	}
	if json.Unmarshal(request, &read) != nil || len(read.Keys) == 0 {
		return []string{""}
	}
	var list []string
	for _, key := range read.Keys {
		if leading := (itemRequest{Key: key}).leading(hash); !slices.Contains(list, leading) {
			list = append(list, leading)
		}
	}
	return list
}

func itemAction(verb string) string {
	if verb == "ConditionCheck" {
		return "ConditionCheckItem"
	}
	return verb + "Item"
}
