package awsfake

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
)

// A tableRequest is what of a DynamoDB request says which tables it touches and how.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html
type tableRequest struct {
	TableName, IndexName string
	itemRequest
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
		all = append(all, permission{"dynamodb:" + action, "table/" + ddb.TableName(table), ""})
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
	return []permission{{"dynamodb:" + action, resource, in.leading(hash(ddb.TableName(in.TableName)))}}
}

func itemAction(verb string) string {
	if verb == "ConditionCheck" {
		return "ConditionCheckItem"
	}
	return verb + "Item"
}
