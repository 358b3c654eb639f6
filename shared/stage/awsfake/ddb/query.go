package ddb

type query struct {
	reading
	KeyConditionExpression *string
	ScanIndexForward       *bool
}

func (d *DB) query(r *query, b *bill) (any, error) {
	s, err := newScope(r.ExpressionAttributeNames, r.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	c, err := newCursor(&r.reading, s)
	if err != nil {
		return nil, err
	}
	if r.KeyConditionExpression == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	keys, err := parseCondition("KeyConditionExpression", r.KeyConditionExpression, s)
	if err != nil {
		return nil, err
	}
	if err := s.allUsed(); err != nil {
		return nil, err
	}
	if err := c.open(d, b); err != nil {
		return nil, err
	}
	if err := c.narrow(keys); err != nil {
		return nil, err
	}
	if err := c.unkeyed(c.filter); err != nil {
		return nil, err
	}
	c.backward = r.ScanIndexForward != nil && !*r.ScanIndexForward
	if err := c.start(); err != nil {
		return nil, err
	}
	return c.run(b, d.now())
}

// A keyTerm is one term of a key condition: what it says about which attribute.
type keyTerm struct {
	name   string
	sign   string // a comparison, BETWEEN or begins_with
	values []Value
}

// narrow limits the rows to those that the key condition allows.
func (c *cursor) narrow(keys condition) error {
	terms, err := keyTerms(keys)
	if err != nil {
		return err
	}
	seen := map[string]keyTerm{}
	for _, t := range terms {
		if _, twice := seen[t.name]; twice {
			return invalid("Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key")
		}
		seen[t.name] = t
	}
	hash, ok := seen[c.key.hash.name]
	if !ok {
		return invalid("Query condition missed key schema element: %s", c.key.hash.name)
	}
	if hash.sign != "=" {
		return invalid("Query key condition not supported")
	}
	if err := hash.check(c.key.hash); err != nil {
		return err
	}
	c.low = partition(hash.values[0])
	c.high = after(c.low)
	if len(terms) == 1 {
		return nil
	}
	rng, ok := seen[c.key.rng.name]
	if !ok || c.key.rng.name == "" {
		if c.key.rng.name == "" {
			return invalid("Query key condition not supported")
		}
		return invalid("Query condition missed key schema element: %s", c.key.rng.name)
	}
	if len(terms) > 2 {
		return invalid("Conditions can be of length 1 or 2 only")
	}
	if err := rng.check(c.key.rng); err != nil {
		return err
	}
	c.low, c.high = rng.bounds(c.low, c.high)
	return nil
}

func (t keyTerm) check(a keyAttribute) error {
	for _, v := range t.values {
		if v.kind != a.kind {
			return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if v.kind != kindN && v.text == "" {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", a.name)
		}
	}
	return nil
}

// bounds are the row keys that the term on a range key allows within a partition.
func (t keyTerm) bounds(low, high string) (string, string) {
	first := low + t.values[0].sortable()
	switch t.sign {
	case "=":
		return first, after(first)
	case "<":
		return low, first
	case "<=":
		return low, after(first)
	case ">":
		return after(first), high
	case ">=":
		return first, high
	case "BETWEEN":
		return first, after(low + t.values[1].sortable())
	}
	prefix := low + t.values[0].sortablePrefix()
	return prefix, after(prefix)
}

// keyTerms takes a key condition apart: terms joined by AND, each a key attribute against values.
func keyTerms(c condition) ([]keyTerm, error) {
	switch c := c.(type) {
	case both:
		left, err := keyTerms(c.left)
		if err != nil {
			return nil, err
		}
		right, err := keyTerms(c.right)
		return append(left, right...), err
	case comparison:
		if c.sign == "<>" {
			return nil, badKeyOperator("<>")
		}
		if c.left.value != nil && c.right.value == nil {
			c = comparison{mirrored(c.sign), c.right, c.left}
		}
		return keyTermOf(c.sign, c.left, c.right)
	case between:
		return keyTermOf("BETWEEN", c.subject, c.low, c.high)
	case function:
		if c.name == "begins_with" {
			return keyTermOf("begins_with", c.arguments[0], c.arguments[1])
		}
		return nil, badKeyOperator(c.name)
	case either:
		return nil, badKeyOperator("OR")
	case negated:
		return nil, badKeyOperator("NOT")
	}
	return nil, badKeyOperator("IN")
}

func badKeyOperator(name string) error {
	return invalid("Invalid operator used in KeyConditionExpression: %s", name)
}

func mirrored(sign string) string {
	switch sign {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return sign
}

func keyTermOf(sign string, subject operand, values ...operand) ([]keyTerm, error) {
	if subject.path == nil || subject.size {
		return nil, invalid("Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", sign)
	}
	if len(subject.path) > 1 {
		return nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes")
	}
	t := keyTerm{name: subject.path[0].name, sign: sign}
	for _, o := range values {
		if o.value == nil || o.size {
			return nil, invalid("Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		}
		t.values = append(t.values, *o.value)
	}
	return []keyTerm{t}, nil
}

// unkeyed refuses a filter on a key attribute, which belongs into the key condition.
func (c *cursor) unkeyed(filter condition) error {
	for _, o := range operands(filter) {
		if o.path != nil && c.key.contains(o.path[0].name) {
			return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s",
				o.path[0].name)
		}
	}
	return nil
}

// operands are all that a condition mentions.
func operands(c condition) []operand {
	switch c := c.(type) {
	case both:
		return append(operands(c.left), operands(c.right)...)
	case either:
		return append(operands(c.left), operands(c.right)...)
	case negated:
		return operands(c.inner)
	case comparison:
		return []operand{c.left, c.right}
	case between:
		return []operand{c.subject, c.low, c.high}
	case oneOf:
		return append([]operand{c.subject}, c.options...)
	case function:
		return c.arguments
	}
	return nil
}
