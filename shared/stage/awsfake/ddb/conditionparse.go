package ddb

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// parseCondition reads a ConditionExpression or FilterExpression; none gives nil.
func parseCondition(parameter string, text *string, s *scope) (condition, error) {
	if text == nil {
		return nil, nil
	}
	p := newParser(parameter, *text, s)
	c := p.disjunction()
	p.end()
	if p.err != nil {
		return nil, p.err
	}
	return c, nil
}

func (p *parser) disjunction() condition {
	c := p.conjunction()
	for p.err == nil && p.keyword("OR") {
		p.operator()
		c = either{c, p.conjunction()}
	}
	return c
}

func (p *parser) conjunction() condition {
	c := p.negation()
	for p.err == nil && p.keyword("AND") {
		p.operator()
		c = both{c, p.negation()}
	}
	return c
}

func (p *parser) negation() condition {
	if p.keyword("NOT") {
		p.operator()
		if p.operators > 300 {
			return nil
		}
		return negated{p.negation()}
	}
	return p.primary()
}

func (p *parser) primary() condition {
	if p.err != nil {
		return nil
	}
	if p.opens() && !p.opensOperand() {
		return p.parenthesised()
	}
	if t := p.peek(); t.shape == tokenWord && p.peekAfter().text == "(" && t.text != "size" && !t.is("NOT") {
		return p.function()
	}
	left := p.operand()
	t := p.take()
	p.operator()
	switch {
	case t.shape == tokenSign && slices.Contains(comparators(), t.text):
		return p.comparison(left, t.text)
	case t.is("BETWEEN"):
		return p.between(left)
	case t.is("IN"):
		return p.oneOf(left)
	}
	if t.shape != tokenEnd {
		p.pos--
	}
	p.syntax()
	return nil
}

// parenthesised refuses ((…)), as AWS does.
func (p *parser) parenthesised() condition {
	p.operator() // bounds the recursion of a hostile expression
	open := p.pos
	p.take()
	doubled := p.opens() && !p.opensOperand()
	c := p.disjunction()
	last := p.pos - 1
	p.expect(")")
	if p.err == nil && doubled && p.closing(open+1) == last {
		p.fail("The expression has redundant parentheses;")
	}
	return c
}

func comparators() []string { return []string{"=", "<>", "<", "<=", ">", ">="} }

func (p *parser) opens() bool { return p.peek().shape == tokenSign && p.peek().text == "(" }

// opensOperand tells whether the parenthesis at hand encloses an operand: what is closed is then compared.
func (p *parser) opensOperand() bool {
	end := p.closing(p.pos)
	if end < 0 {
		return false
	}
	t := p.tokens[min(end+1, len(p.tokens)-1)]
	return t.shape == tokenSign && slices.Contains(comparators(), t.text) || t.is("BETWEEN") || t.is("IN")
}

// bracketedOperand reads (operand).
func (p *parser) bracketedOperand() operand {
	p.operator()
	p.take()
	if p.opens() {
		p.fail("The expression has redundant parentheses;")
		return operand{}
	}
	o := p.operand()
	p.expect(")")
	return o
}

// closing is where the parenthesis opened at a token is closed.
func (p *parser) closing(open int) int {
	depth := 0
	for i := open; i < len(p.tokens); i++ {
		switch p.tokens[i].text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

func (p *parser) operand() operand {
	t := p.peek()
	switch {
	case p.err != nil:
		return operand{}
	case t.shape == tokenValue:
		return operand{value: p.value()}
	case p.opens():
		return p.bracketedOperand()
	case t.shape == tokenWord && t.text == "size" && p.peekAfter().text == "(":
		return p.size()
	case t.shape == tokenWord && p.peekAfter().text == "(":
		p.fail("Invalid function name; function: %s", t.text)
		return operand{}
	}
	return operand{path: p.path()}
}

func (p *parser) size() operand {
	p.operator()
	p.take()
	p.expect("(")
	o := p.operand()
	p.expect(")")
	if p.err == nil && o.size {
		p.fail("The function is not allowed to be used this way in an expression; function: size")
	}
	if p.err == nil && o.value != nil {
		if _, ok := sizeOf(*o.value); !ok {
			p.badOperand("size", o.value.kind)
		}
	}
	o.size = true
	return o
}

// kindOf is the kind an operand is known to have before any item is seen.
func (o operand) kindOf() kind {
	switch {
	case o.size:
		return kindN
	case o.value != nil:
		return o.value.kind
	}
	return ""
}

func (p *parser) badOperand(operator string, k kind) {
	p.fail("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator, k)
}

// scalar refuses a value that has no order.
func (p *parser) scalar(operator string, operands ...operand) {
	for _, o := range operands {
		if k := o.kindOf(); p.err == nil && k != "" && k != kindS && k != kindN && k != kindB {
			p.badOperand(operator, k)
		}
	}
}

func (p *parser) comparison(left operand, sign string) condition {
	right := p.operand()
	if sign != "=" && sign != "<>" {
		p.scalar(sign, left, right)
	}
	p.apart(sign, left, right)
	return comparison{sign, left, right}
}

// apart refuses to compare a path with itself.
func (p *parser) apart(operator string, first operand, rest ...operand) {
	for _, o := range rest {
		if p.err == nil && first.path != nil && o.path != nil && first.size == o.size && slices.Equal(first.path, o.path) {
			p.fail("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", operator, first.path)
		}
	}
}

func (p *parser) between(subject operand) condition {
	low := p.operand()
	if !p.keyword("AND") {
		p.syntax()
	}
	high := p.operand()
	p.scalar("BETWEEN", subject, low, high)
	p.apart("BETWEEN", subject, low, high)
	if p.err == nil && low.value != nil && high.value != nil && !low.size && !high.size {
		p.bounds(*low.value, *high.value)
	}
	return between{subject, low, high}
}

func (p *parser) bounds(low, high Value) {
	order, ok := low.compare(high)
	if !ok {
		p.fail("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", low.plain(), high.plain())
	} else if order > 0 {
		p.fail("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", low.plain(), high.plain())
	}
}

// plain is a scalar as AWS shows it in messages: {S:text}.
func (v Value) plain() string { return "{" + string(v.kind) + ":" + v.text + "}" }

func (p *parser) oneOf(subject operand) condition {
	p.expect("(")
	c := oneOf{subject: subject}
	for p.err == nil {
		c.options = append(c.options, p.operand())
		if !p.sign(",") {
			break
		}
	}
	p.expect(")")
	if len(c.options) > 100 {
		p.fail("The IN operator is provided with too many operands; number of operands: %d", len(c.options))
	}
	p.apart("IN", subject, c.options...)
	return c
}

func (p *parser) function() condition {
	p.operator()
	t := p.take()
	wanted := map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2,
		"contains": 2}[t.text]
	if wanted == 0 {
		p.fail("Invalid function name; function: %s", t.text)
		return nil
	}
	f := function{name: t.text}
	p.expect("(")
	for p.err == nil {
		f.arguments = append(f.arguments, p.operand())
		if !p.sign(",") {
			break
		}
	}
	p.expect(")")
	if p.err == nil && len(f.arguments) != wanted {
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d",
			f.name, len(f.arguments))
	}
	if p.err == nil {
		p.checkFunction(f)
	}
	return f
}

func (p *parser) checkFunction(f function) {
	subject := f.arguments[0]
	if strings.HasPrefix(f.name, "attribute_") && subject.path == nil || subject.size && f.name != "contains" &&
		f.name != "begins_with" {
		p.fail("Operator or function requires a document path; operator or function: %s", f.name)
		return
	}
	if len(f.arguments) == 1 {
		return
	}
	argument := f.arguments[1]
	p.apart(f.name, subject, argument)
	switch k := argument.kindOf(); {
	case p.err != nil:
	case f.name == "attribute_type":
		p.checkType(argument)
	case f.name == "begins_with" && k != "" && k != kindS && k != kindB:
		p.badOperand(f.name, k)
	}
}

func (p *parser) checkType(argument operand) {
	if argument.value == nil || argument.value.kind != kindS {
		p.fail("Incorrect operand type for operator or function; operator or function: attribute_type, operand type: %s",
			argument.kindOf())
		return
	}
	if !slices.Contains([]kind{kindS, kindN, kindB, kindBool, kindNull, kindSS, kindNS, kindBS, kindL, kindM},
		kind(argument.value.text)) {
		p.fail("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
			argument.value.text)
	}
}

// sizeOf is what size() tells: bytes, members, or for text what Java, in which DynamoDB is written, holds for its
// length: UTF-16 code units.
func sizeOf(v Value) (Value, bool) {
	n := 0
	switch v.kind {
	case kindS:
		n = len(utf16.Encode([]rune(v.text)))
	case kindB:
		n = len(v.text)
	case kindM:
		n = len(v.fields)
	case kindL, kindSS, kindNS, kindBS:
		n = len(v.list)
	default:
		return Value{}, false
	}
	return Value{kind: kindN, text: strconv.Itoa(n)}, true
}

func (v Value) beginsWith(prefix Value) bool {
	return v.kind == prefix.kind && (v.kind == kindS || v.kind == kindB) && strings.HasPrefix(v.text, prefix.text)
}

func (v Value) contains(part Value) bool {
	switch {
	case v.kind == kindS || v.kind == kindB:
		return v.kind == part.kind && strings.Contains(v.text, part.text)
	case v.isSet():
		return v.has(part)
	}
	return slices.ContainsFunc(v.list, part.equal)
}
