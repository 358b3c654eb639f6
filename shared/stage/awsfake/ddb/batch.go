package ddb

import (
	"maps"
	"slices"
	"time"
)

// The most items in a call. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxBatchWrite = 25
	maxBatchGet   = 100
	maxBatchReply = 16 << 20 // bytes
)

type batchWrite struct {
	RequestItems                map[string][]writeRequest
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

type writeRequest struct {
	PutRequest    *struct{ Item attributes } `json:",omitempty"`
	DeleteRequest *struct{ Key attributes }  `json:",omitempty"`
}

func (d *DB) batchWrite(r *batchWrite, b *bill) (any, error) {
	if err := (writeOptions{ReturnConsumedCapacity: r.ReturnConsumedCapacity,
		ReturnItemCollectionMetrics: r.ReturnItemCollectionMetrics}).check(); err != nil {
		return nil, err
	}
	plans, err := d.planBatch(r, b)
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		if _, err := d.perform(p, b.table(p.table.name)); err != nil {
			return nil, err
		}
	}
	reply := map[string]any{"UnprocessedItems": struct{}{}}
	return withCapacity(reply, b, r.ReturnConsumedCapacity)
}

// withCapacity adds the list of ConsumedCapacity when it was asked for.
func withCapacity(reply map[string]any, b *bill, mode string) (any, error) {
	list, err := b.reply(mode)
	if list != nil {
		reply["ConsumedCapacity"] = list
	}
	return reply, err
}

// planBatch checks the whole batch, so that nothing is written of one that is refused.
func (d *DB) planBatch(r *batchWrite, b *bill) ([]*plan, error) {
	count := 0
	for name, list := range r.RequestItems {
		count += len(list)
		if len(list) == 0 {
			return nil, invalid("The batch write request list for a table cannot be null or empty: %s", name)
		}
	}
	if count == 0 || count > maxBatchWrite {
		if count == 0 {
			return nil, invalid("The requestItems parameter is required for BatchWriteItem")
		}
		return nil, invalid("Too many items requested for the BatchWriteItem call")
	}
	b.resources(tableNames(r.RequestItems))
	var plans []*plan
	for _, name := range slices.Sorted(maps.Keys(r.RequestItems)) {
		for _, w := range r.RequestItems[name] {
			p, err := planRequest(name, w)
			if err != nil {
				return nil, err
			}
			plans = append(plans, p)
		}
	}
	for _, p := range plans {
		if err := d.fit(p, b); err != nil {
			return nil, err
		}
		if p.unfit != nil {
			return nil, p.unfit
		}
	}
	if repeated(plans) {
		return nil, invalid("Provided list of item keys contains duplicates")
	}
	return plans, nil
}

// tableNames are the tables of a batch.
func tableNames[T any](requests map[string]T) []string {
	var names []string
	for name := range requests {
		names = append(names, TableName(name))
	}
	slices.Sort(names)
	return names
}

func planRequest(name string, w writeRequest) (*plan, error) {
	table := conditional{TableName: name}
	switch {
	case (w.PutRequest == nil) == (w.DeleteRequest == nil):
		return nil, invalid("Supplied AttributeValue has to contain exactly one of PutRequest or DeleteRequest")
	case w.PutRequest != nil:
		return newPlan(verbPut, &write{conditional: table, Item: w.PutRequest.Item})
	}
	return newPlan(verbDelete, &write{conditional: table, Key: w.DeleteRequest.Key})
}

// repeated tells whether two plans concern the same item.
func repeated(plans []*plan) bool {
	type place struct {
		table *table
		key   string
	}
	seen := make(map[place]bool, len(plans))
	for _, p := range plans {
		at := place{p.table, p.key}
		if p.unfit != nil {
			continue
		}
		if seen[at] {
			return true
		}
		seen[at] = true
	}
	return false
}

type batchGet struct {
	RequestItems           map[string]keysRequest
	ReturnConsumedCapacity string
}

type keysRequest struct {
	Keys                     []attributes
	ConsistentRead           bool              `json:",omitempty"`
	ProjectionExpression     *string           `json:",omitempty"`
	ExpressionAttributeNames map[string]string `json:",omitempty"`
}

// A getPlan is the part of a BatchGetItem that concerns one table.
type getPlan struct {
	name    string // as the request says it
	table   *table
	request keysRequest
	wanted  wanted
	keys    []string
}

func (d *DB) batchGet(r *batchGet, b *bill) (any, error) {
	if err := checkConsumed(r.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	count := 0
	for _, k := range r.RequestItems {
		count += len(k.Keys)
	}
	if count == 0 {
		return nil, invalid("The requestItems parameter is required for BatchGetItem")
	}
	if count > maxBatchGet {
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	b.resources(tableNames(r.RequestItems))
	var plans []getPlan
	for _, name := range slices.Sorted(maps.Keys(r.RequestItems)) {
		p := getPlan{name: name, request: r.RequestItems[name]}
		var err error
		p.wanted, err = newWanted(p.request.ProjectionExpression, p.request.ExpressionAttributeNames, p.request.Keys...)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	for i := range plans {
		if err := d.fitGet(&plans[i], b); err != nil {
			return nil, err
		}
	}
	responses, unprocessed := map[string][]Item{}, map[string]keysRequest{}
	size := 0
	for _, p := range plans {
		var rest []attributes
		responses[p.name], rest = p.run(&size, b, d.now())
		if len(rest) > 0 {
			p.request.Keys = rest
			unprocessed[p.name] = p.request
		}
	}
	return withCapacity(map[string]any{"Responses": responses, "UnprocessedKeys": unprocessed}, b,
		r.ReturnConsumedCapacity)
}

func (d *DB) fitGet(p *getPlan, b *bill) (err error) {
	if p.table, err = d.table(p.name, b); err != nil {
		return err
	}
	if p.keys, err = p.wanted.in(p.table); err != nil {
		return err
	}
	for i, k := range p.keys {
		if slices.Contains(p.keys[:i], k) {
			return invalid("Provided list of item keys contains duplicates")
		}
	}
	return nil
}

// run gets the items; keys that no longer fit the reply are handed back.
func (p getPlan) run(size *int, total *bill, now time.Time) (items []Item, rest []attributes) {
	b := total.table(p.table.name)
	p.table.mu.RLock()
	defer p.table.mu.RUnlock()
	items = []Item{}
	for i, k := range p.keys {
		found := p.table.rowBefore(k, total.missing(p.request.ConsistentRead), now)
		if found == nil {
			b.read += readUnits(0, p.request.ConsistentRead)
			continue
		}
		if *size += found.size; *size > maxBatchReply {
			return items, p.request.Keys[i:]
		}
		b.read += readUnits(found.size, p.request.ConsistentRead)
		items = append(items, found.item.project(p.wanted.paths))
	}
	return items, nil
}
