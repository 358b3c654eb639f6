package ddb

import (
	"fmt"
	"slices"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// A conditional is what all writes of one item have in common.
type conditional struct {
	TableName                           string
	ConditionExpression                 *string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           map[string]attribute
	ReturnValuesOnConditionCheckFailure string
}

// A write is a put, update, delete or condition check of one item: as a call of its own or within a transaction.
type write struct {
	conditional
	Item             attributes
	Key              attributes
	UpdateExpression *string
}

type putWrite struct {
	conditional
	Item attributes
}

type keyWrite struct { // a deletion or a condition check
	conditional
	Key attributes
}

type updateWrite struct {
	conditional
	Key              attributes
	UpdateExpression *string
}

func (w *putWrite) write() *write    { return &write{conditional: w.conditional, Item: w.Item} }
func (w *keyWrite) write() *write    { return &write{conditional: w.conditional, Key: w.Key} }
func (w *updateWrite) write() *write { return &write{w.conditional, nil, w.Key, w.UpdateExpression} }

// A plan is a write that was read and checked, as far as that goes without the item.
type plan struct {
	name      string // of the table
	table     *table // once it fits one
	unfit     error  // why it does not, if so
	key       string
	keyItem   Item // the key attributes
	verb      string
	item      Item // of a put
	update    update
	condition condition
	showOld   bool // on failure of the condition
}

// The verbs of plans.
const (
	verbPut    = "Put"
	verbUpdate = "Update"
	verbDelete = "Delete"
	verbCheck  = "ConditionCheck"
)

// newPlan checks everything about w that needs no table. What is wrong with it is told before a table is missed.
func newPlan(verb string, w *write) (*plan, error) {
	p := &plan{name: w.TableName, verb: verb, showOld: w.ReturnValuesOnConditionCheckFailure == "ALL_OLD"}
	if err := checkEnum(w.ReturnValuesOnConditionCheckFailure, "returnValuesOnConditionCheckFailure", "ALL_OLD",
		"NONE"); err != nil {
		return nil, err
	}
	s, err := newScope(w.ExpressionAttributeNames, w.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	if p.update, err = parseUpdate(w.UpdateExpression, s); err != nil {
		return nil, err
	}
	if p.condition, err = parseCondition("ConditionExpression", w.ConditionExpression, s); err != nil {
		return nil, err
	}
	if err := s.allUsed(); err != nil {
		return nil, err
	}
	if verb != verbPut {
		p.keyItem, err = w.Key.item()
		return p, err
	}
	if p.item, err = w.Item.item(); err == nil && p.item.size() > maxItem {
		err = invalid("Item size has exceeded the maximum allowed size")
	}
	return p, err
}

// fit finds the plan's table and notes whether the plan fits it.
func (d *DB) fit(p *plan, b *bill) (err error) {
	if p.table, err = d.table(p.name, b); err != nil {
		return err
	}
	p.unfit = p.target()
	return nil
}

// target holds the plan to the table's schema.
func (p *plan) target() error {
	it, check := p.keyItem, p.table.key.checkKey
	if p.verb == verbPut {
		it, check = p.item, p.table.key.checkItem
	}
	if err := check(it); err != nil {
		return err
	}
	p.key = p.table.key.of(it)
	return p.table.scalars(append(mentioned(p.condition), p.update.mentioned()...)...)
}

// scalars refuses a path into a key attribute, of the table or an index.
func (t *table) scalars(paths ...path) error {
	const refusal = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s"
	for _, a := range paths {
		if len(a) < 2 {
			continue
		}
		name := a[0].name
		if t.key.contains(name) {
			return invalid(refusal, "Key", name)
		}
		if slices.ContainsFunc(t.indexes, func(x *index) bool { return x.key.contains(name) }) {
			return invalid(refusal, "IndexKey", name)
		}
	}
	return nil
}

// mentioned are the paths in a condition.
func mentioned(c condition) (all []path) {
	for _, o := range operands(c) {
		if o.path != nil {
			all = append(all, o.path)
		}
	}
	return all
}

// lawful refuses an update of a key attribute, and an attribute that an index cannot take. In a transaction it is the
// reason why that is cancelled.
func (p *plan) lawful() error {
	if p.verb == verbPut {
		return p.table.checkIndexKeys(p.item)
	}
	for _, a := range p.update.paths() {
		if p.table.key.contains(a[0].name) {
			return invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", a[0].name)
		}
	}
	return nil
}

// against works the plan out on the item as it is. The caller holds the table's lock. When the condition does not
// hold, err is ConditionalCheckFailedException.
func (p *plan) against(now time.Time) (change, error) {
	if p.unfit != nil {
		return change{}, p.unfit
	}
	if err := p.lawful(); err != nil {
		return change{}, err
	}
	old := p.table.rows.get(p.key)
	var it Item
	if old != nil {
		it = old.item
	}
	unchanged := change{table: p.table, key: p.key, old: old, new: old}
	if p.condition != nil && !p.condition.holds(it) {
		if !p.showOld {
			it = nil
		}
		return unchanged, conditionFailed(it)
	}
	switch p.verb {
	case verbCheck:
		return unchanged, nil
	case verbDelete:
		return p.table.change(p.key, old, nil, now), nil
	case verbPut:
		return p.table.change(p.key, old, p.item, now), nil
	}
	if it == nil {
		it = p.keyItem
	}
	it, err := p.updated(it)
	if err != nil {
		return unchanged, err
	}
	return p.table.change(p.key, old, it, now), nil
}

func (p *plan) updated(it Item) (Item, error) {
	it, err := p.update.apply(it)
	if err != nil {
		return nil, err
	}
	if err := p.table.checkIndexKeys(it); err != nil {
		return nil, err
	}
	if it.size() > maxItem {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return it, nil
}

// writeReply answers PutItem, UpdateItem and DeleteItem.
type writeReply struct {
	Attributes       *Item     `json:",omitempty"`
	ConsumedCapacity *consumed `json:",omitempty"`
}

// writeOptions are the parameters that only calls of their own have.
type writeOptions struct {
	ReturnValues                string
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

func (o writeOptions) check(returns ...string) error {
	if err := checkConsumed(o.ReturnConsumedCapacity); err != nil {
		return err
	}
	if o.ReturnItemCollectionMetrics != "" && o.ReturnItemCollectionMetrics != "NONE" {
		return invalid("ReturnItemCollectionMetrics is not emulated")
	}
	if o.ReturnValues != "" && !slices.Contains(returns, o.ReturnValues) {
		return invalid("ReturnValues can only be one of %v", returns)
	}
	return nil
}

type putItem struct {
	writeOptions
	putWrite
}

func (d *DB) putItem(r *putItem, b *bill) (any, error) {
	if err := r.check("NONE", "ALL_OLD"); err != nil {
		return nil, err
	}
	return d.write(verbPut, r.write(), r.writeOptions, b)
}

type deleteItem struct {
	writeOptions
	keyWrite
}

func (d *DB) deleteItem(r *deleteItem, b *bill) (any, error) {
	if err := r.check("NONE", "ALL_OLD"); err != nil {
		return nil, err
	}
	return d.write(verbDelete, r.write(), r.writeOptions, b)
}

type updateItem struct {
	writeOptions
	updateWrite
}

func (d *DB) updateItem(r *updateItem, b *bill) (any, error) {
	if err := r.check("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"); err != nil {
		return nil, err
	}
	return d.write(verbUpdate, r.write(), r.writeOptions, b)
}

// write performs a write that is a call of its own.
func (d *DB) write(verb string, w *write, o writeOptions, b *bill) (any, error) {
	p, err := newPlan(verb, w)
	if err != nil {
		return nil, err
	}
	if err := d.fit(p, b); err != nil {
		return nil, err
	}
	c, err := d.perform(p, b.table(p.table.name))
	if err != nil {
		return nil, err
	}
	return writeReply{Attributes: p.returned(c, o.ReturnValues), ConsumedCapacity: b.one(o.ReturnConsumedCapacity)}, nil
}

func (d *DB) perform(p *plan, b *tableBill) (change, error) {
	t := p.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped {
		return change{}, notFound()
	}
	c, err := p.against(d.now())
	if _, malformed := isValidation(err); err != nil {
		if !malformed {
			c.charge(b, 1) // AWS charges for a condition that fails, too
		}
		return c, err
	}
	if err := d.commit(c); err != nil {
		return c, err
	}
	c.charge(b, 1)
	return c, nil
}

// returned is what ReturnValues asks for; nil for nothing.
func (p *plan) returned(c change, mode string) *Item {
	r := c.old
	if mode == "ALL_NEW" || mode == "UPDATED_NEW" {
		r = c.new
	}
	if r == nil || mode == "" || mode == "NONE" {
		return nil
	}
	if mode == "ALL_OLD" || mode == "ALL_NEW" {
		return &r.item
	}
	if it := r.item.project(p.update.paths()); len(it) > 0 && len(p.update.paths()) > 0 {
		return &it
	}
	return nil
}

// commit makes changes, all or none, first in the log. The caller holds the locks of their tables.
func (d *DB) commit(changes ...change) error {
	return d.commitWith(nil, changes)
}

func (d *DB) commitWith(ops []keep.Op, changes []change) error {
	for _, c := range changes {
		if c.old != c.new {
			ops = append(ops, c.op())
		}
	}
	now := d.now()
	if err := d.log.Write(ops...); err != nil {
		return fmt.Errorf("write to the log: %w", err)
	}
	for _, c := range changes {
		if c.old != c.new {
			c.apply()
			c.table.record(c, now)
		}
	}
	return nil
}
