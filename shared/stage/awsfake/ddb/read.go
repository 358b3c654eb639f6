package ddb

import (
	"slices"
	"time"
)

// maxPage is how much a Query, Scan or BatchGetItem reads at most before it answers, in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
const maxPage = 1 << 20

type getItem struct {
	TableName                string
	Key                      attributes
	ConsistentRead           bool
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
	ReturnConsumedCapacity   string
}

type getReply struct {
	Item             *Item     `json:",omitempty"`
	ConsumedCapacity *consumed `json:",omitempty"`
}

func (d *DB) getItem(r *getItem, b *bill) (any, error) {
	if err := checkConsumed(r.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	w, err := newWanted(r.ProjectionExpression, r.ExpressionAttributeNames, r.Key)
	if err != nil {
		return nil, err
	}
	t, err := d.table(r.TableName, b)
	if err != nil {
		return nil, err
	}
	keys, err := w.in(t)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	found := t.rowBefore(keys[0], b.missing(r.ConsistentRead), d.now())
	t.mu.RUnlock()
	size := 0
	var reply getReply
	if found != nil {
		size = found.size
		it := found.item.project(w.paths)
		reply.Item = &it
	}
	b.table(t.name).read += readUnits(size, r.ConsistentRead)
	reply.ConsumedCapacity = b.one(r.ReturnConsumedCapacity)
	return reply, nil
}

// A wanted is what a call asks for by keys, read and checked as far as that goes without the table.
type wanted struct {
	paths []path
	keys  []Item
}

func newWanted(projection *string, names map[string]string, keys ...attributes) (w wanted, err error) {
	if w.paths, err = projectionOf(projection, names); err != nil {
		return w, err
	}
	for _, a := range keys {
		key, err := a.item()
		if err != nil {
			return w, err
		}
		w.keys = append(w.keys, key)
	}
	return w, nil
}

// in are the row keys in a table.
func (w wanted) in(t *table) (keys []string, err error) {
	for _, key := range w.keys {
		if err := t.key.checkKey(key); err != nil {
			return nil, err
		}
		keys = append(keys, t.key.of(key))
	}
	return keys, t.scalars(w.paths...)
}

// projectionOf reads the projection of a request that has no other expression.
func projectionOf(text *string, names map[string]string) ([]path, error) {
	s, err := newScope(names, nil)
	if err != nil {
		return nil, err
	}
	paths, err := parseProjection(text, s)
	if err != nil {
		return nil, err
	}
	if text == nil && len(names) > 0 {
		return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	return paths, s.allUsed()
}

// A reading is what Query and Scan have in common.
type reading struct {
	TableName                 string
	IndexName                 *string
	Select                    string
	Limit                     *int
	ConsistentRead            bool
	FilterExpression          *string
	ProjectionExpression      *string
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]attribute
	ExclusiveStartKey         attributes
	ReturnConsumedCapacity    string
}

type readingReply struct {
	Items            *[]Item `json:",omitempty"`
	Count            int
	ScannedCount     int
	LastEvaluatedKey *Item     `json:",omitempty"`
	ConsumedCapacity *consumed `json:",omitempty"`
}

// A cursor is a reading that was checked: which rows to visit, in which order, and what to show of them.
type cursor struct {
	reading   *reading
	table     *table
	index     *index // nil: the table itself
	key       keySchema
	low, high string // the rows visited: low ≤ key < high
	backward  bool
	filter    condition
	paths     []path
	from      Item // ExclusiveStartKey
	count     bool // show no items, only how many
	fetch     bool // a local index that lacks attributes asked for: get the whole items from the table
}

// newCursor checks those parameters of a reading that need no table. What is wrong with them is told before a table is
// missed.
func newCursor(r *reading, s *scope) (c *cursor, err error) {
	if err := checkConsumed(r.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	if r.Limit != nil && *r.Limit < 1 {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *r.Limit)
	}
	c = &cursor{reading: r}
	if c.filter, err = parseCondition("FilterExpression", r.FilterExpression, s); err != nil {
		return nil, err
	}
	if c.paths, err = parseProjection(r.ProjectionExpression, s); err != nil {
		return nil, err
	}
	if r.ExclusiveStartKey != nil {
		c.from, err = r.ExclusiveStartKey.item()
	}
	return c, err
}

// open checks the reading against its table. The range of rows is the whole table or index, for the caller to narrow.
func (c *cursor) open(d *DB, b *bill) (err error) {
	r := c.reading
	b.resource = TableName(r.TableName)
	if r.IndexName != nil {
		b.resource += "/index/" + *r.IndexName
	}
	if c.table, err = d.table(r.TableName, b); err != nil {
		return err
	}
	c.key = c.table.key
	if err := c.choose(r.IndexName); err != nil {
		return err
	}
	if err := c.table.scalars(append(mentioned(c.filter), c.paths...)...); err != nil {
		return err
	}
	if err := c.filterHeld(); err != nil {
		return err
	}
	return c.selects(r.Select)
}

// filterHeld refuses a filter on what the index does not hold.
func (c *cursor) filterHeld() error {
	for _, o := range operands(c.filter) {
		if c.index != nil && o.path != nil && !c.index.holds(o.path[0].name) {
			return invalid("One or more parameter values were invalid: Secondary index %s does not project one or more filter attributes: [%s]", c.index.name, o.path[0].name)
		}
	}
	return nil
}

// choose takes the index.
func (c *cursor) choose(name *string) error {
	if name == nil {
		return nil
	}
	if err := checkName(*name, "indexName"); err != nil {
		return err
	}
	if c.index = c.table.index(*name); c.index == nil {
		return invalid("The table does not have the specified index: %s", *name)
	}
	c.key = c.index.key
	if c.index.global && c.reading.ConsistentRead {
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	return nil
}

// selects settles what of the items is shown.
func (c *cursor) selects(mode string) error {
	if err := checkEnum(mode, "select", "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
		"ALL_PROJECTED_ATTRIBUTES"); err != nil {
		return err
	}
	if c.paths != nil && mode != "" && mode != "SPECIFIC_ATTRIBUTES" {
		return invalid("Cannot specify the ProjectionExpression when choosing to get %s", mode)
	}
	switch mode {
	case "COUNT":
		c.count = true
	case "SPECIFIC_ATTRIBUTES":
		if c.paths == nil {
			return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
		}
	case "ALL_PROJECTED_ATTRIBUTES":
		if c.index == nil {
			return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
		}
	case "ALL_ATTRIBUTES":
		if c.index != nil && c.index.projection != "ALL" {
			return c.fetches("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", c.index.name)
		}
	}
	for _, a := range c.paths {
		if c.index != nil && !c.index.holds(a[0].name) {
			return c.fetches("One or more parameter values were invalid: Global secondary index %s does not project [%s]",
				c.index.name, a[0].name)
		}
	}
	return nil
}

// fetches notes that the index does not hold what is asked for: a local one has the table to look it up, a global one
// refuses.
func (c *cursor) fetches(refusal string, args ...any) error {
	if c.index.global {
		return invalid(refusal, args...)
	}
	c.fetch = true
	return nil
}

// start narrows the rows to those behind ExclusiveStartKey.
func (c *cursor) start() error {
	key := c.from
	if key == nil {
		return nil
	}
	names := map[string]kind{}
	for _, a := range slices.Concat(c.table.key.attributes(), c.key.attributes()) {
		names[a.name] = a.kind
	}
	for name, k := range names {
		if v, ok := key[name]; !ok || v.kind != k || v.text == "" {
			return invalid("The provided starting key is invalid")
		}
	}
	if len(key) != len(names) {
		return invalid("The provided starting key is invalid")
	}
	at := c.table.key.of(key)
	if c.index != nil {
		at = c.index.place(c.table, key)
	}
	if at < c.low || c.high != "" && at >= c.high {
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if c.backward {
		c.high = at
	} else {
		c.low = at + "\x00"
	}
	return nil
}

// run visits the rows and answers.
func (c *cursor) run(b *bill, now time.Time) (any, error) {
	page, more := c.page(b.missing(c.reading.ConsistentRead), now)
	reply := readingReply{ScannedCount: len(page)}
	if more {
		last := c.key.pick(page[len(page)-1].item, c.table.key.pick(page[len(page)-1].item, Item{}))
		reply.LastEvaluatedKey = &last
	}
	items := []Item{}
	for _, r := range page {
		it := r.item
		if c.index != nil && !c.fetch {
			it = c.index.view(it)
		}
		if c.filter != nil && !c.filter.holds(it) {
			continue
		}
		reply.Count++
		if !c.count {
			items = append(items, it.project(c.paths))
		}
	}
	if !c.count {
		reply.Items = &items
	}
	c.charge(page, b.table(c.table.name))
	reply.ConsumedCapacity = b.one(c.reading.ReturnConsumedCapacity)
	return reply, nil
}

// page collects rows until the limit or 1 MB is reached; the filter comes later. more tells that it stopped before the
// end.
func (c *cursor) page(missing int, now time.Time) (page []*row, more bool) {
	c.table.mu.RLock()
	defer c.table.mu.RUnlock()
	size := 0 // checked at the next row, so that a page that happens to be the last has no LastEvaluatedKey
	c.visit(missing, now, func(r *row) bool {
		if more = size >= maxPage; more {
			return false
		}
		page = append(page, r)
		size += r.size
		more = c.reading.Limit != nil && len(page) == *c.reading.Limit
		return !more
	})
	return page, more
}

// charge counts the bytes visited; sizes are summed before they are rounded up. Items fetched from the table are
// rounded up one by one.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ThroughputConsiderations.Reads
func (c *cursor) charge(page []*row, b *tableBill) {
	size := 0
	for _, r := range page {
		size += r.size
		if c.fetch {
			b.read += readUnits(r.item.size(), c.reading.ConsistentRead)
		}
	}
	units := readUnits(size, c.reading.ConsistentRead)
	if c.index != nil {
		b.index(c.index).read += units
	} else {
		b.read += units
	}
}

type scan struct {
	reading
	Segment, TotalSegments *int
}

func (d *DB) scan(r *scan, b *bill) (any, error) {
	s, err := newScope(r.ExpressionAttributeNames, r.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	c, err := newCursor(&r.reading, s)
	if err != nil {
		return nil, err
	}
	if err := s.allUsed(); err != nil {
		return nil, err
	}
	if err := c.open(d, b); err != nil {
		return nil, err
	}
	if err := c.segment(r.Segment, r.TotalSegments); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	return c.run(b, d.now())
}

// segment narrows the rows to one part of a parallel scan.
func (c *cursor) segment(segment, total *int) error {
	if segment == nil && total == nil {
		return nil
	}
	if segment == nil || total == nil {
		return invalid("Segment and TotalSegments must be given together")
	}
	if *total < 1 || *total > 1_000_000 || *segment < 0 || *segment >= *total {
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", *segment, *total)
	}
	c.low = segmentStart(*segment, *total)
	if *segment+1 < *total {
		c.high = segmentStart(*segment+1, *total)
	}
	return nil
}
