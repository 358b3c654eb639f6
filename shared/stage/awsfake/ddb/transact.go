package ddb

import (
	"maps"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// The limits of a transaction. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
const (
	maxTransaction      = 100
	maxTransactionBytes = 4 << 20
)

type transactWrite struct {
	TransactItems               []transactItem
	ClientRequestToken          *string
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

type transactItem struct {
	Put            *putWrite    `json:",omitempty"`
	Update         *updateWrite `json:",omitempty"`
	Delete         *keyWrite    `json:",omitempty"`
	ConditionCheck *keyWrite    `json:",omitempty"`
}

func (i transactItem) write() (verb string, w *write, err error) {
	n := 0
	if i.Put != nil {
		n, verb, w = n+1, verbPut, i.Put.write()
	}
	if i.Update != nil {
		n, verb, w = n+1, verbUpdate, i.Update.write()
	}
	if i.Delete != nil {
		n, verb, w = n+1, verbDelete, i.Delete.write()
	}
	if i.ConditionCheck != nil {
		n, verb, w = n+1, verbCheck, i.ConditionCheck.write()
	}
	switch {
	case n != 1:
		return "", nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	case verb == verbUpdate && w.UpdateExpression == nil:
		return "", nil, invalid("The UpdateExpression parameter is required for an Update in a transaction")
	case verb == verbCheck && w.ConditionExpression == nil:
		return "", nil, invalid("The ConditionExpression parameter is required for a ConditionCheck")
	}
	return verb, w, nil
}

func (d *DB) transactWrite(r *transactWrite, b *bill) (any, error) {
	b.transactional = true
	if err := (writeOptions{ReturnConsumedCapacity: r.ReturnConsumedCapacity,
		ReturnItemCollectionMetrics: r.ReturnItemCollectionMetrics}).check(); err != nil {
		return nil, err
	}
	if n := len(r.TransactItems); n < 1 || n > maxTransaction {
		return nil, invalid("1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and %d; it has %d", maxTransaction, n)
	}
	plans, err := d.planTransaction(r, b)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(tablesOf(plans))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := d.transact(r, plans, b); err != nil {
		return nil, err
	}
	return withCapacity(map[string]any{}, b, r.ReturnConsumedCapacity)
}

func (d *DB) planTransaction(r *transactWrite, b *bill) ([]*plan, error) {
	plans := make([]*plan, len(r.TransactItems))
	names := map[string]bool{}
	for i, item := range r.TransactItems {
		verb, w, err := item.write()
		if err != nil {
			return nil, err
		}
		if plans[i], err = newPlan(verb, w); err != nil {
			return nil, err
		}
		names[TableName(w.TableName)] = true
	}
	b.resources(slices.Sorted(maps.Keys(names)))
	for _, p := range plans {
		if err := d.fit(p, b); err != nil {
			return nil, err
		}
	}
	if repeated(plans) {
		return nil, invalid("Transaction request cannot include multiple operations on one item")
	}
	return plans, nil
}

// resources notes the tables that a call concerns.
func (b *bill) resources(names []string) { b.resource = strings.Join(names, ",") }

func tablesOf(plans []*plan) []*table {
	tables := make([]*table, len(plans))
	for i, p := range plans {
		tables[i] = p.table
	}
	return tables
}

// inOrder sorts tables by name, each once, so that no two transactions wait for each other.
func inOrder(tables []*table) []*table {
	slices.SortFunc(tables, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	return slices.Compact(tables)
}

func lock(tables []*table) (unlock func(), err error) {
	tables = inOrder(tables)
	unlock = func() {
		for _, t := range tables {
			t.mu.Unlock()
		}
	}
	dropped := false
	for _, t := range tables {
		t.mu.Lock()
		dropped = dropped || t.dropped
	}
	if dropped {
		unlock()
		return nil, notFound()
	}
	return unlock, nil
}

// transact performs a transaction whose tables are locked.
func (d *DB) transact(r *transactWrite, plans []*plan, b *bill) error {
	d.tokens.mu.Lock()
	defer d.tokens.mu.Unlock()
	done := ""
	if r.ClientRequestToken != nil {
		if n := len(*r.ClientRequestToken); n < 1 || n > 36 {
			return invalid("1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length between 1 and 36")
		}
		done = fingerprint(r.TransactItems)
		if known, err := d.tokens.known(*r.ClientRequestToken, done, d.now()); known || err != nil {
			chargeReplay(plans, b)
			return err
		}
	}
	changes, err := d.work(plans, b)
	if err != nil {
		return err
	}
	if done == "" {
		return d.commit(changes...)
	}
	ops := d.tokens.ops(*r.ClientRequestToken, done, d.now())
	if err := d.commitWith(ops, changes); err != nil {
		return err
	}
	d.tokens.note(*r.ClientRequestToken, done, d.now())
	return nil
}

// work works all plans out and charges for them. If any cannot be done, the error tells the reason for each.
func (d *DB) work(plans []*plan, b *bill) ([]change, error) {
	changes := make([]change, len(plans))
	reasons := make([]reason, len(plans))
	failed, size := false, 0
	for i, p := range plans {
		c, err := p.against(d.now())
		if _, malformed := isValidation(err); !malformed {
			c.charge(b.table(p.table.name), 2)
		}
		changes[i] = c
		if c.new != nil {
			size += c.new.size
		}
		if reasons[i], err = reasonFor(err); err != nil {
			return nil, err
		}
		failed = failed || reasons[i].Code != "None"
	}
	if failed {
		return nil, cancelled(reasons)
	}
	if size > maxTransactionBytes {
		return nil, invalid("Transaction request size exceeds the limit of 4 MB")
	}
	return changes, nil
}

// chargeReplay charges for a transaction that was done before: AWS reads the items.
func chargeReplay(plans []*plan, b *bill) {
	for _, p := range plans {
		size := 0
		if r := p.table.rows.get(p.key); r != nil {
			size = r.size
		}
		b.table(p.table.name).read += 2 * readUnits(size, true)
	}
}

// A reason tells why one item of a transaction stands in its way.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CancellationReason.html
type reason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    *Item  `json:",omitempty"`
}

// reasonFor makes a reason of a refusal; another error is handed back.
func reasonFor(err error) (reason, error) {
	e, ok := err.(*wire.Error)
	switch {
	case err == nil:
		return reason{Code: "None"}, nil
	case !ok:
		return reason{}, err
	case e.Code() == "ConditionalCheckFailedException":
		r := reason{Code: "ConditionalCheckFailed", Message: e.Message}
		if found, ok := e.Fields["Item"].(Item); ok {
			r.Item = &found
		}
		return r, nil
	case e.Code() == "ValidationException":
		return reason{Code: "ValidationError", Message: e.Message}, nil
	}
	return reason{}, err
}

func cancelled(reasons []reason) *wire.Error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	e := refused("TransactionCanceledException",
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.Fields = map[string]any{"CancellationReasons": reasons}
	return e
}

type transactGet struct {
	TransactItems          []transactGetItem
	ReturnConsumedCapacity string
}

type transactGetItem struct {
	Get *struct {
		TableName                string
		Key                      attributes
		ProjectionExpression     *string
		ExpressionAttributeNames map[string]string
	}
}

// A single is one item that a TransactGetItems asks for.
type single struct {
	table *table
	key   string
	paths []path
}

func (d *DB) transactGet(r *transactGet, b *bill) (any, error) {
	b.transactional = true
	if err := checkConsumed(r.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	if n := len(r.TransactItems); n < 1 || n > maxTransaction {
		return nil, invalid("1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and %d; it has %d", maxTransaction, n)
	}
	gets, err := d.planGets(r, b)
	if err != nil {
		return nil, err
	}
	return withCapacity(map[string]any{"Responses": together(gets, b)}, b, r.ReturnConsumedCapacity)
}

func (d *DB) planGets(r *transactGet, b *bill) ([]single, error) {
	names := map[string]bool{}
	gets := make([]single, len(r.TransactItems))
	wanted := make([]wanted, len(r.TransactItems))
	for i, item := range r.TransactItems {
		g := item.Get
		if g == nil {
			return nil, invalid("TransactItems[%d]: Get is required", i)
		}
		var err error
		if wanted[i], err = newWanted(g.ProjectionExpression, g.ExpressionAttributeNames, g.Key); err != nil {
			return nil, err
		}
	}
	for i, w := range wanted {
		t, err := d.table(r.TransactItems[i].Get.TableName, b)
		if err != nil {
			return nil, err
		}
		keys, err := w.in(t)
		if err != nil {
			return nil, err
		}
		names[t.name] = true
		gets[i] = single{t, keys[0], w.paths}
		if slices.ContainsFunc(gets[:i], func(s single) bool { return s.table == t && s.key == gets[i].key }) {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
	}
	b.resources(slices.Sorted(maps.Keys(names)))
	return gets, nil
}

// together reads all items at one moment.
func together(gets []single, b *bill) []getReply {
	tables := make([]*table, len(gets))
	for i, g := range gets {
		tables[i] = g.table
	}
	for _, t := range inOrder(tables) {
		t.mu.RLock()
		defer t.mu.RUnlock()
	}
	replies := make([]getReply, len(gets))
	for i, g := range gets {
		size := 0
		if found := g.table.rows.get(g.key); found != nil {
			it := found.item.project(g.paths)
			size, replies[i].Item = found.size, &it
		}
		b.table(g.table.name).read += 2 * readUnits(size, true)
	}
	return replies
}
