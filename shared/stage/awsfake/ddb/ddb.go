// Package ddb is an embedded DynamoDB: the operations, rules, limits and messages of the real service that Relais
// relies on, for laptops and tests. A DB answers the JSON bodies of the DynamoDB API; shared/stage/awsfake puts HTTP
// around it.
//
// It emulates CreateTable, DescribeTable, ListTables, DeleteTable, UpdateTimeToLive, DescribeTimeToLive, GetItem,
// PutItem, UpdateItem, DeleteItem, Query, Scan, BatchGetItem, BatchWriteItem, TransactGetItems and TransactWriteItems,
// with local and global secondary indexes. Every other operation, and every parameter it does not know (the legacy
// ones among them), is refused.
//
// It differs from AWS where time and distance play a part: a read is behind, a call throttled and a transaction in
// conflict only when the caller wants that; else transactions wait for each other. A table is active at once, and an
// expired item is deleted by the first use of its table from five seconds after it expired.
package ddb

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// What the log's keys begin with.
const (
	tablePrefix = "ddb/table/"
	itemPrefix  = "ddb/item/"
	tokenPrefix = "ddb/token/"
)

// A DB is a set of tables. It is safe for concurrent use.
type DB struct {
	region, account string

	now    func() time.Time
	log    *keep.Log
	mu     sync.RWMutex // guards tables, not what is in them
	tables map[string]*table
	tokens tokens
}

// New makes a DB of what the log keeps. now is the time that decides on expiry and on idempotency.
func New(now func() time.Time, log *keep.Log, region, account string) (*DB, error) {
	d := &DB{region: region, account: account, now: now, log: log, tables: map[string]*table{},
		tokens: tokens{seen: map[string]receipt{}}}
	if err := log.Range(tablePrefix, d.restoreTable); err != nil {
		return nil, fmt.Errorf("ddb: restore tables: %w", err)
	}
	if err := log.Range(itemPrefix, d.restoreItem); err != nil {
		return nil, fmt.Errorf("ddb: restore items: %w", err)
	}
	if err := log.Range(tokenPrefix, d.tokens.restore); err != nil {
		return nil, fmt.Errorf("ddb: restore tokens: %w", err)
	}
	d.tokens.sort()
	return d, nil
}

func (d *DB) restoreTable(key string, value []byte) error {
	var def definition
	if err := json.Unmarshal(value, &def); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	d.tables[def.Name] = newTable(def)
	return nil
}

func (d *DB) restoreItem(key string, value []byte) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(key, itemPrefix), "/")
	t := d.tables[name]
	if t == nil {
		return fmt.Errorf("an item belongs to table %q, which is not kept", name)
	}
	if err := t.restore(value, d.now()); err != nil {
		return fmt.Errorf("item of table %s: %w", name, err)
	}
	return nil
}

// Call performs an action of the DynamoDB API ("PutItem") with a JSON body. reply is to be written as JSON. units is
// the capacity consumed, read and write together, also when the call is refused. resource is the table's name, with
// "/index/name" when an index was read; several are joined by commas. A refusal by the API is a *wire.Error.
//
// A read that need not be consistent misses up to behind of the latest writes of what it reads.
func (d *DB) Call(action string, body []byte, behind int) (reply any, units float64, resource string, err error) {
	b := bill{behind: behind}
	reply, err = d.dispatch(action, body, &b)
	return reply, b.units(), b.resource, err
}

func (d *DB) dispatch(action string, body []byte, b *bill) (any, error) {
	switch action {
	case "CreateTable":
		return call(d.createTable, body, b)
	case "DescribeTable":
		return call(d.describeTable, body, b)
	case "ListTables":
		return call(d.listTables, body, b)
	case "DeleteTable":
		return call(d.deleteTable, body, b)
	case "UpdateTimeToLive":
		return call(d.updateTimeToLive, body, b)
	case "DescribeTimeToLive":
		return call(d.describeTimeToLive, body, b)
	case "GetItem":
		return call(d.getItem, body, b)
	case "PutItem":
		return call(d.putItem, body, b)
	case "UpdateItem":
		return call(d.updateItem, body, b)
	case "DeleteItem":
		return call(d.deleteItem, body, b)
	case "Query":
		return call(d.query, body, b)
	case "Scan":
		return call(d.scan, body, b)
	case "BatchGetItem":
		return call(d.batchGet, body, b)
	case "BatchWriteItem":
		return call(d.batchWrite, body, b)
	case "TransactGetItems":
		return call(d.transactGet, body, b)
	case "TransactWriteItems":
		return call(d.transactWrite, body, b)
	}
	return nil, wire.UnknownOperation(action)
}

// call decodes the body for an operation.
func call[Request any](op func(*Request, *bill) (any, error), body []byte, b *bill) (any, error) {
	var r Request
	if err := wire.Decode(body, &r); err != nil {
		return nil, err
	}
	return op(&r, b)
}

// table finds a table by its name or ARN, and deletes from it what expired.
func (d *DB) table(name string, b *bill) (*table, error) {
	name = TableName(name)
	if b.resource == "" {
		b.resource = name
	}
	t, err := d.lookup(name)
	if err != nil {
		return nil, err
	}
	return t, t.sweep(d.now(), d.log)
}

// PartitionKey is the name of a table's partition key, "" where there is no such table.
func (d *DB) PartitionKey(name string) string {
	t, err := d.lookup(name)
	if err != nil {
		return ""
	}
	return t.key.hash.name
}

func (d *DB) lookup(name string) (*table, error) {
	if err := checkName(name, "tableName"); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	t := d.tables[name]
	if t == nil {
		return nil, notFound()
	}
	return t, nil
}

func notFound() error { return refused("ResourceNotFoundException", "Requested resource not found") }
