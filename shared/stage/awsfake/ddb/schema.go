package ddb

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// TableName is the name of a table that a request names, by its name or its ARN. Of the ARN only the last part counts.
func TableName(s string) string {
	if _, name, ok := strings.Cut(s, ":table/"); ok && strings.HasPrefix(s, "arn:aws:dynamodb:") {
		return name
	}
	return s
}

// arn is the ARN of a table.
func (d *DB) arn(table string) string {
	return "arn:aws:dynamodb:" + d.region + ":" + d.account + ":table/" + table
}

// A definition is what was asked for when a table was created, in the wire's spelling, as the log keeps it.
type definition struct {
	Name       string
	ID         string
	ARN        string
	Created    time.Time
	Attributes []attributeDefinition
	Keys       []keyElement
	Billing    string
	Throughput *throughput `json:",omitempty"`
	Local      []indexDefinition
	Global     []indexDefinition
	Protected  bool
	Encrypted  bool   // with the key that AWS manages for the account, instead of its own
	Class      string `json:",omitempty"`
	TTL        string // the attribute that holds the time of expiry; "" when none
}

type attributeDefinition struct{ AttributeName, AttributeType string }

type keyElement struct{ AttributeName, KeyType string }

type throughput struct{ ReadCapacityUnits, WriteCapacityUnits int64 }

type projection struct {
	ProjectionType   string
	NonKeyAttributes []string `json:",omitempty"`
}

type indexDefinition struct {
	IndexName             string
	KeySchema             []keyElement
	Projection            projection
	ProvisionedThroughput *throughput `json:",omitempty"`
}

func newTable(def definition) *table {
	t := &table{name: def.Name, def: def, key: def.schema(def.Keys)}
	t.nextDue.Store(math.MaxInt64)
	for _, x := range def.Local {
		t.indexes = append(t.indexes, def.index(x, false))
	}
	for _, x := range def.Global {
		t.indexes = append(t.indexes, def.index(x, true))
	}
	return t
}

func (def definition) schema(keys []keyElement) keySchema {
	var k keySchema
	for _, e := range keys {
		a := keyAttribute{e.AttributeName, def.kind(e.AttributeName)}
		if e.KeyType == "HASH" {
			k.hash = a
		} else {
			k.rng = a
		}
	}
	return k
}

func (def definition) kind(name string) kind {
	for _, a := range def.Attributes {
		if a.AttributeName == name {
			return kind(a.AttributeType)
		}
	}
	return ""
}

func (def definition) index(x indexDefinition, global bool) *index {
	i := &index{name: x.IndexName, global: global, key: def.schema(x.KeySchema), projection: x.Projection.ProjectionType,
		kept: map[string]bool{}}
	for _, k := range append(slices.Clone(def.Keys), x.KeySchema...) {
		i.kept[k.AttributeName] = true
	}
	for _, name := range x.Projection.NonKeyAttributes {
		i.kept[name] = true
	}
	return i
}

type createTable struct {
	TableName                 string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	BillingMode               string
	ProvisionedThroughput     *throughput
	LocalSecondaryIndexes     []indexDefinition
	GlobalSecondaryIndexes    []indexDefinition
	DeletionProtectionEnabled bool
	StreamSpecification       *struct{ StreamEnabled bool }
	SSESpecification          *encryption
	TableClass                string
	Tags                      json.RawMessage // no operation emulated here reads them
}

// An encryption is how a table's data is encrypted at rest. There are no keys of one's own here.
type encryption struct {
	Enabled bool
	SSEType string
}

func (r *createTable) check() error {
	if r.LocalSecondaryIndexes != nil && len(r.LocalSecondaryIndexes) == 0 {
		return invalid("One or more parameter values were invalid: List of LocalSecondaryIndexes is empty")
	}
	if r.GlobalSecondaryIndexes != nil && len(r.GlobalSecondaryIndexes) == 0 {
		return invalid("One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty")
	}
	if r.SSESpecification != nil {
		if err := checkEnum(r.SSESpecification.SSEType, "sSESpecification.sSEType", "KMS"); err != nil {
			return err
		}
	}
	return checkEnum(r.TableClass, "tableClass", "STANDARD", "STANDARD_INFREQUENT_ACCESS")
}

func (d *DB) createTable(r *createTable, b *bill) (any, error) {
	b.resource = r.TableName
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.StreamSpecification != nil && r.StreamSpecification.StreamEnabled {
		return nil, invalid("StreamSpecification: streams are not emulated")
	}
	def := definition{Name: r.TableName, ID: wire.RequestID(), ARN: d.arn(r.TableName), Created: d.now(),
		Class: r.TableClass, Encrypted: r.SSESpecification != nil && r.SSESpecification.Enabled,
		Attributes: r.AttributeDefinitions, Keys: r.KeySchema, Billing: r.BillingMode,
		Throughput: r.ProvisionedThroughput, Local: r.LocalSecondaryIndexes, Global: r.GlobalSecondaryIndexes,
		Protected: r.DeletionProtectionEnabled}
	if def.Billing == "" {
		def.Billing = "PROVISIONED"
	}
	if err := def.check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tables[def.Name] != nil {
		return nil, refused("ResourceInUseException", "Table already exists: %s", def.Name)
	}
	if err := d.log.Write(def.op()); err != nil {
		return nil, fmt.Errorf("create table %s: %w", def.Name, err)
	}
	t := newTable(def)
	d.tables[def.Name] = t
	return map[string]any{"TableDescription": t.describe("CREATING")}, nil
}

func (def definition) op() keep.Op {
	value, _ := json.Marshal(def) // plain data always has a JSON form
	return keep.Op{Key: tablePrefix + def.Name, Value: value}
}

type tableRequest struct{ TableName string }

func (d *DB) describeTable(r *tableRequest, b *bill) (any, error) {
	t, err := d.table(r.TableName, b)
	if err != nil {
		return nil, missingTable(err, r.TableName)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return map[string]any{"Table": t.describe("ACTIVE")}, nil
}

// missingTable names the table where AWS does.
func missingTable(err error, name string) error {
	if e, ok := err.(*wire.Error); ok && e.Code() == "ResourceNotFoundException" {
		return refused("ResourceNotFoundException", "Requested resource not found: Table: %s not found", name)
	}
	return err
}

type listTables struct {
	ExclusiveStartTableName string
	Limit                   *int
}

func (d *DB) listTables(r *listTables, b *bill) (any, error) {
	limit := 100
	if r.Limit != nil {
		limit = *r.Limit
	}
	if r.ExclusiveStartTableName != "" {
		if err := checkName(r.ExclusiveStartTableName, "exclusiveStartTableName"); err != nil {
			return nil, err
		}
	}
	if limit < 1 || limit > 100 {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100", limit)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(d.tables)),
		func(n string) bool { return n <= r.ExclusiveStartTableName })
	if len(names) <= limit {
		return map[string]any{"TableNames": append([]string{}, names...)}, nil
	}
	return map[string]any{"TableNames": names[:limit], "LastEvaluatedTableName": names[limit-1]}, nil
}

func (d *DB) deleteTable(r *tableRequest, b *bill) (any, error) {
	name := TableName(r.TableName)
	b.resource = name
	if err := checkName(name, "tableName"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tables[name]
	if t == nil {
		return nil, missingTable(notFound(), r.TableName)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.def.Protected {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	ops := []keep.Op{{Key: tablePrefix + t.name}}
	t.rows.ascend("", "", func(r *row) bool {
		ops = append(ops, keep.Op{Key: itemPrefix + t.name + "/" + r.key})
		return true
	})
	if err := d.log.Write(ops...); err != nil {
		return nil, fmt.Errorf("delete table %s: %w", t.name, err)
	}
	t.dropped = true
	delete(d.tables, t.name)
	return map[string]any{"TableDescription": t.describe("DELETING")}, nil
}

// describe is TableDescription.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
func (t *table) describe(status string) map[string]any {
	out := map[string]any{
		"TableName": t.name, "TableStatus": status, "TableArn": t.def.ARN, "TableId": t.def.ID,
		"AttributeDefinitions": t.def.Attributes, "KeySchema": t.def.Keys,
		"CreationDateTime": float64(t.def.Created.UnixMilli()) / 1000,
		"ItemCount":        t.rows.count, "TableSizeBytes": t.bytes,
		"DeletionProtectionEnabled": t.def.Protected,
		"ProvisionedThroughput":     t.def.Throughput.describe(),
	}
	if t.def.Class != "" {
		out["TableClassSummary"] = map[string]any{"TableClass": t.def.Class}
	}
	if t.def.Encrypted {
		out["SSEDescription"] = map[string]any{"Status": "ENABLED", "SSEType": "KMS"}
	}
	if t.def.Billing == "PAY_PER_REQUEST" {
		out["BillingModeSummary"] = map[string]any{"BillingMode": t.def.Billing,
			"LastUpdateToPayPerRequestDateTime": out["CreationDateTime"]}
	}
	if list := t.describeIndexes(t.def.Local, false, status); len(list) > 0 {
		out["LocalSecondaryIndexes"] = list
	}
	if list := t.describeIndexes(t.def.Global, true, status); len(list) > 0 {
		out["GlobalSecondaryIndexes"] = list
	}
	return out
}

func (t *table) describeIndexes(defs []indexDefinition, global bool, status string) []map[string]any {
	var list []map[string]any
	for _, def := range defs {
		x := t.index(def.IndexName)
		out := map[string]any{
			"IndexName": x.name, "IndexArn": t.def.ARN + "/index/" + x.name, "KeySchema": def.KeySchema,
			"Projection": def.Projection, "ItemCount": x.rows.count, "IndexSizeBytes": x.bytes,
		}
		if global {
			out["IndexStatus"] = status
			out["ProvisionedThroughput"] = def.ProvisionedThroughput.describe()
		}
		list = append(list, out)
	}
	return list
}

func (p *throughput) describe() map[string]any {
	if p == nil {
		p = &throughput{}
	}
	return map[string]any{"NumberOfDecreasesToday": 0, "ReadCapacityUnits": p.ReadCapacityUnits,
		"WriteCapacityUnits": p.WriteCapacityUnits}
}

func (t *table) index(name string) *index {
	for _, x := range t.indexes {
		if x.name == name {
			return x
		}
	}
	return nil
}

func checkName(name, parameter string) error {
	if len(name) < 3 || len(name) > 255 {
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length between 3 and 255", name, parameter)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !nameRune(r) }) {
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", name, parameter)
	}
	return nil
}

func nameRune(r rune) bool { return wordRune(r) || r == '.' || r == '-' }
