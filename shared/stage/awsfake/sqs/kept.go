package sqs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// The keys sort so that reading them in order meets a queue before its messages and a message before its receipts.
const (
	queuePrefix    = "sqs/0queue/"
	messagePrefix  = "sqs/1message/"
	receiptsPrefix = "sqs/2receipts/"
	dedupPrefix    = "sqs/3dedup/"
	sequenceKey    = "sqs/4sequence"
)

// sequenceBlock is how many sequence numbers are reserved with one write; a restart skips what is left of the block.
const sequenceBlock = 10000

func (q *queue) key() string               { return queuePrefix + q.Name }
func (q *queue) dedupKey(id string) string { return dedupPrefix + q.Name + "/" + id }
func (q *queue) messageKey(s uint64) string {
	return fmt.Sprintf("%s%s/%016x", messagePrefix, q.Name, s)
}
func (q *queue) receiptsKey(s uint64) string {
	return fmt.Sprintf("%s%s/%016x", receiptsPrefix, q.Name, s)
}

// put adds a value to what the operation under way keeps.
func (s *Queues) put(key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	s.ops = append(s.ops, keep.Op{Key: key, Value: b})
	return nil
}

// drop adds deletions to what the operation under way keeps.
func (s *Queues) drop(ops ...keep.Op) { s.ops = append(s.ops, ops...) }

// commit writes what the operation did, as one record. What a full disk refused stays to be written before anything
// else is answered: it has happened in memory, and a repetition is known there.
func (s *Queues) commit() error {
	if err := s.log.Write(s.ops...); err != nil {
		return err
	}
	s.ops = s.ops[:0]
	return nil
}

// next is a fresh sequence number, larger than any before it, also before a restart.
func (s *Queues) next() (uint64, error) {
	if s.sequence == s.reserved {
		s.reserved += sequenceBlock
		if err := s.put(sequenceKey, s.reserved); err != nil {
			return 0, err
		}
	}
	s.sequence++
	return s.sequence, nil
}

// load reads what was kept. Messages that were in flight stay so until their visibility timeout ends.
func (s *Queues) load() error {
	loaded := map[string]*message{} // by queue and sequence, as in their key
	err := s.log.Range("sqs/", func(key string, value []byte) error {
		kind, rest, _ := strings.Cut(strings.TrimPrefix(key, "sqs/"), "/")
		var err error
		switch "sqs/" + kind + "/" {
		case queuePrefix:
			q := &queue{}
			err = json.Unmarshal(value, q)
			s.queues[rest] = q.init()
		case messagePrefix:
			m := &message{}
			err = json.Unmarshal(value, m)
			loaded[rest] = m
		case receiptsPrefix:
			if m := loaded[rest]; m != nil {
				err = json.Unmarshal(value, &m.receipts)
			}
		case dedupPrefix:
			err = s.loadDuplicate(rest, value)
		case sequenceKey + "/":
			s.reserved, err = strconv.ParseUint(string(value), 10, 64)
			s.sequence = s.reserved
		}
		if err != nil {
			return fmt.Errorf("sqs: kept %s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.arrange(loaded)
	return nil
}

func (s *Queues) loadDuplicate(rest string, value []byte) error {
	name, id, _ := strings.Cut(rest, "/")
	q, d := s.queues[name], duplicate{}
	if err := json.Unmarshal(value, &d); err != nil || q == nil {
		return err
	}
	q.remember(id, d)
	return nil
}

// arrange puts loaded messages and deduplication ids back in the order they came.
func (s *Queues) arrange(loaded map[string]*message) {
	now := millis(s.now())
	keys := make([]string, 0, len(loaded))
	for k := range loaded {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		name, _, _ := strings.Cut(k, "/")
		if q := s.queues[name]; q != nil {
			q.add(loaded[k], now)
		}
	}
	for _, q := range s.queues {
		slices.SortFunc(q.dedupOrder, func(a, b string) int { return int(q.dedup[a].At - q.dedup[b].At) })
	}
}
