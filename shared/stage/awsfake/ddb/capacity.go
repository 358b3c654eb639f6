package ddb

// Bytes per unit of capacity.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
const (
	writeUnit = 1024
	readUnit  = 4096
)

func writeUnits(size int) float64 { return max(1, float64((size+writeUnit-1)/writeUnit)) }

// readUnits is what reading size bytes costs; an eventually consistent read costs half.
func readUnits(size int, consistent bool) float64 {
	units := max(1, float64((size+readUnit-1)/readUnit))
	if !consistent {
		units /= 2
	}
	return units
}

// A bill counts the capacity that a call consumes, table by table.
type bill struct {
	tables        []*tableBill
	transactional bool // such calls tell reads and writes apart
	resource      string
	behind        int // how many writes a read may miss that is not consistent
}

// missing is how many writes a read misses.
func (b *bill) missing(consistent bool) int {
	if consistent {
		return 0
	}
	return b.behind
}

type tableBill struct {
	name          string
	read, write   float64 // of the table itself
	local, global map[string]*indexBill
}

type indexBill struct{ read, write float64 }

func (b *bill) table(name string) *tableBill {
	for _, t := range b.tables {
		if t.name == name {
			return t
		}
	}
	t := &tableBill{name: name}
	b.tables = append(b.tables, t)
	return t
}

func (t *tableBill) index(x *index) *indexBill {
	m := &t.local
	if x.global {
		m = &t.global
	}
	if *m == nil {
		*m = map[string]*indexBill{}
	}
	if (*m)[x.name] == nil {
		(*m)[x.name] = &indexBill{}
	}
	return (*m)[x.name]
}

func (t *tableBill) total() (read, write float64) {
	read, write = t.read, t.write
	for _, m := range []map[string]*indexBill{t.local, t.global} {
		for _, x := range m {
			read += x.read
			write += x.write
		}
	}
	return read, write
}

// units is the whole bill.
func (b *bill) units() float64 {
	sum := 0.0
	for _, t := range b.tables {
		read, write := t.total()
		sum += read + write
	}
	return sum
}

// consumed is ConsumedCapacity as the wire has it.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html
type consumed struct {
	TableName              string
	Table                  *capacity            `json:",omitempty"`
	LocalSecondaryIndexes  map[string]*capacity `json:",omitempty"`
	GlobalSecondaryIndexes map[string]*capacity `json:",omitempty"`
	capacity
}

type capacity struct {
	CapacityUnits      float64
	ReadCapacityUnits  float64 `json:",omitempty"`
	WriteCapacityUnits float64 `json:",omitempty"`
}

func (b *bill) capacity(read, write float64) *capacity {
	c := &capacity{CapacityUnits: read + write}
	if b.transactional {
		c.ReadCapacityUnits, c.WriteCapacityUnits = read, write
	}
	return c
}

// reply is what ReturnConsumedCapacity asks for, one entry per table.
func (b *bill) reply(mode string) ([]consumed, error) {
	switch mode {
	case "", "NONE":
		return nil, nil
	case "TOTAL", "INDEXES":
	default:
		return nil, notInEnum(mode, "returnConsumedCapacity", "INDEXES, TOTAL, NONE")
	}
	all := make([]consumed, len(b.tables))
	for i, t := range b.tables {
		all[i] = consumed{TableName: t.name, capacity: *b.capacity(t.total())}
		if mode == "INDEXES" {
			all[i].Table = b.capacity(t.read, t.write)
			all[i].LocalSecondaryIndexes = b.indexes(t.local)
			all[i].GlobalSecondaryIndexes = b.indexes(t.global)
		}
	}
	return all, nil
}

func (b *bill) indexes(m map[string]*indexBill) map[string]*capacity {
	out := make(map[string]*capacity, len(m))
	for name, x := range m {
		out[name] = b.capacity(x.read, x.write)
	}
	return out
}

// one is reply for a call that concerns one table.
func (b *bill) one(mode string) *consumed {
	if all, err := b.reply(mode); err == nil && len(all) > 0 {
		return &all[0]
	}
	return nil
}

func notInEnum(value, parameter, allowed string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", value, parameter, allowed)
}

// checkEnum refuses a parameter's value that is not among those allowed; an empty one stands for the default.
func checkEnum(value, parameter string, allowed ...string) error {
	if value == "" {
		return nil
	}
	list := ""
	for i, a := range allowed {
		if a == value {
			return nil
		}
		if i > 0 {
			list += ", "
		}
		list += a
	}
	return notInEnum(value, parameter, list)
}

func checkConsumed(mode string) error {
	return checkEnum(mode, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE")
}
