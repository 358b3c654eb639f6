// Package keep is the memory of the emulated services: a durable log of keys and values.
//
// Every Write appends one record to one file with one write(2) before it returns. A process that is killed at any
// moment therefore finds, at its next Open, all operations of a record or none of them, and every record whose Write
// returned. Nothing is fsynced: the log is safe against a crash of the process, not against a loss of power.
//
// A record is a header of twelve bytes (payload length, CRC-32C of the payload, CRC-32C of those eight bytes, all big
// endian) and the payload: for each operation the key, then the value, each behind its length as a varint. The value's
// length is stored plus one; zero stands for a deletion.
package keep

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	logName    = "log"
	headerSize = 12
	// maxRecord bounds what a header may announce; the largest lawful write, a transaction of 100 items of 400 KB, is far
	// below.
	maxRecord = 1 << 30
)

// An Op sets Key to Value, or deletes Key when Value is nil. An empty, non-nil Value is kept as empty.
type Op struct {
	Key   string
	Value []byte
}

// A Log is an open directory. It is safe for concurrent use.
type Log struct {
	mu     sync.Mutex
	lock   *os.File
	file   *os.File
	size   int64
	kept   int64 // length of the compacted part, which Range reads
	broken error // set when a failed write could not be undone
}

// Open reads what dir keeps, cuts off a record that a crash left unfinished, and rewrites the file without what later
// records replaced. It creates dir. An empty dir gives a Log that keeps nothing. A directory that another process (or
// another Log) has open, and a file damaged anywhere but at its end, are errors and leave the files as they are.
func Open(dir string) (*Log, error) {
	if dir == "" {
		return &Log{}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("keep: %s is in use by another process; stop it or choose another directory: %w", dir, err)
	}
	f, size, err := compact(filepath.Join(dir, logName))
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("keep: %w", err)
	}
	return &Log{lock: lock, file: f, size: size, kept: size}, nil
}

// Write appends ops as one record. When it returns nil, a crash of the process can no longer lose it.
func (l *Log) Write(ops ...Op) error {
	if l.lock == nil || len(ops) == 0 {
		return nil
	}
	record := encode(ops)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	if _, err := l.file.WriteAt(record, l.size); err != nil {
		return l.undo(fmt.Errorf("keep: %w", err))
	}
	l.size += int64(len(record))
	return nil
}

// undo cuts a half-written record off, so that the next one starts where a reader expects it.
func (l *Log) undo(cause error) error {
	if err := l.file.Truncate(l.size); err != nil {
		l.broken = fmt.Errorf("keep: the log takes no more writes, its end is unknown: %w", errors.Join(cause, err))
		return l.broken
	}
	return cause
}

// Range calls f for every key with the prefix that was kept when the Log was opened, in key order. Later writes are
// not seen. It stops at f's first error and returns it. The value is f's to keep.
func (l *Log) Range(prefix string, f func(key string, value []byte) error) error {
	if l.lock == nil {
		return nil
	}
	_, err := scan(io.NewSectionReader(l.file, 0, l.kept), l.kept, func(_ int64, payload []byte) error {
		return decode(payload, func(key string, value []byte, _ int) error {
			if !strings.HasPrefix(key, prefix) {
				return nil
			}
			return f(key, append([]byte{}, value...))
		})
	})
	return err
}

// Close lets another process open the directory. Writes after Close fail.
func (l *Log) Close() error {
	if l.lock == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.file.Close()
	return errors.Join(err, l.lock.Close())
}

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func encode(ops []Op) []byte {
	n := headerSize
	for _, op := range ops {
		n += 2*binary.MaxVarintLen64 + len(op.Key) + len(op.Value)
	}
	b := make([]byte, headerSize, n)
	for _, op := range ops {
		b = binary.AppendUvarint(b, uint64(len(op.Key)))
		b = append(b, op.Key...)
		if op.Value == nil {
			b = binary.AppendUvarint(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(op.Value))+1)
		b = append(b, op.Value...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-headerSize))
	binary.BigEndian.PutUint32(b[4:], castagnoli(b[headerSize:]))
	binary.BigEndian.PutUint32(b[8:], castagnoli(b[:8]))
	return b
}

// decode calls f for each operation of a payload; value is nil for a deletion and lies at offset at.
func decode(payload []byte, f func(key string, value []byte, at int) error) error {
	rest := payload
	take := func(minus uint64) ([]byte, bool, error) {
		n, w := binary.Uvarint(rest)
		if w <= 0 || n > uint64(len(rest)-w)+minus {
			return nil, false, errors.New("a record holds a length that does not fit it")
		}
		if n < minus {
			rest = rest[w:]
			return nil, false, nil
		}
		out := rest[w : w+int(n-minus)]
		rest = rest[w+int(n-minus):]
		return out, true, nil
	}
	for len(rest) > 0 {
		key, _, err := take(0)
		if err != nil {
			return err
		}
		value, set, err := take(1)
		if err != nil {
			return err
		}
		if !set {
			value = nil
		}
		if err := f(string(key), value, len(payload)-len(rest)-len(value)); err != nil {
			return err
		}
	}
	return nil
}

// scan calls f for each whole record of r, which is size bytes long, with the payload's offset. It returns where the
// last whole record ends. A record that the file's end cuts short ends the scan; any other damage is an error.
func scan(r io.Reader, size int64, f func(at int64, payload []byte) error) (end int64, err error) {
	br := bufio.NewReaderSize(r, 1<<16)
	var header [headerSize]byte
	for size-end >= headerSize {
		if _, err := io.ReadFull(br, header[:]); err != nil {
			return end, err
		}
		n := int64(binary.BigEndian.Uint32(header[:]))
		if castagnoli(header[:8]) != binary.BigEndian.Uint32(header[8:]) || n > maxRecord {
			return end, fmt.Errorf("damaged at byte %d", end)
		}
		if size-end-headerSize < n {
			return end, nil
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(br, payload); err != nil {
			return end, err
		}
		if castagnoli(payload) != binary.BigEndian.Uint32(header[4:]) {
			return end, fmt.Errorf("damaged at byte %d", end+headerSize)
		}
		if err := f(end+headerSize, payload); err != nil {
			return end, err
		}
		end += headerSize + n
	}
	return end, nil
}
