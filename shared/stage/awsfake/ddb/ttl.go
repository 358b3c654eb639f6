package ddb

import "fmt"

type ttlSpecification struct {
	AttributeName string
	Enabled       bool
}

type updateTimeToLive struct {
	TableName               string
	TimeToLiveSpecification *ttlSpecification
}

func (d *DB) updateTimeToLive(r *updateTimeToLive, b *bill) (any, error) {
	spec := r.TimeToLiveSpecification
	if spec == nil || spec.AttributeName == "" || len(spec.AttributeName) > 255 {
		return nil, invalid("TimeToLiveSpecification needs an AttributeName of 1 to 255 bytes")
	}
	t, err := d.table(r.TableName, b)
	if err != nil {
		return nil, missingTable(err, r.TableName)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.dropped:
		return nil, missingTable(notFound(), r.TableName)
	case spec.Enabled && t.def.TTL == spec.AttributeName:
		return nil, invalid("TimeToLive is already enabled")
	case spec.Enabled && t.def.TTL != "":
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.def.TTL)
	case !spec.Enabled && t.def.TTL == "":
		return nil, invalid("TimeToLive is already disabled")
	case !spec.Enabled && t.def.TTL != spec.AttributeName:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.def.TTL)
	}
	def := t.def
	def.TTL = ""
	if spec.Enabled {
		def.TTL = spec.AttributeName
	}
	if err := d.log.Write(def.op()); err != nil {
		return nil, fmt.Errorf("time to live of table %s: %w", t.name, err)
	}
	t.def = def
	t.schedule(d)
	return map[string]any{"TimeToLiveSpecification": spec}, nil
}

// schedule notes anew when each item expires.
func (t *table) schedule(d *DB) {
	t.waiting = tree{}
	var all []*row
	t.rows.ascend("", "", func(r *row) bool {
		all = append(all, r)
		return true
	})
	for _, r := range all {
		fresh := *r
		if fresh.due = t.due(r.item, r.key, d.now()); fresh.due != "" {
			t.waiting.set(&row{key: fresh.due})
		}
		t.rows.set(&fresh)
	}
	t.setNextDue()
}

func (d *DB) describeTimeToLive(r *tableRequest, b *bill) (any, error) {
	t, err := d.table(r.TableName, b)
	if err != nil {
		return nil, missingTable(err, r.TableName)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := map[string]any{"TimeToLiveStatus": "DISABLED"}
	if t.def.TTL != "" {
		out = map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": t.def.TTL}
	}
	return map[string]any{"TimeToLiveDescription": out}, nil
}
