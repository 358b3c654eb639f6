package keep

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// A place says where in the file a live value lies.
type place struct {
	at  int64
	len int
}

// compact rewrites the log at path with live values only, in key order, and returns it open for writing. The new file
// takes the old one's name in one step, so a crash leaves one or the other.
func compact(path string) (*os.File, int64, error) {
	old, live, err := index(path)
	if err != nil {
		return nil, 0, err
	}
	next := path + ".new"
	size, err := rewrite(next, old, live)
	if old != nil {
		old.Close()
	}
	if err != nil {
		return nil, 0, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	return f, size, err
}

// index opens the log at path, which need not exist yet, and finds the live values in it.
func index(path string) (*os.File, map[string]place, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	live := map[string]place{}
	_, err = scan(f, info.Size(), func(at int64, payload []byte) error {
		return decode(payload, func(key string, value []byte, off int) error {
			if value == nil {
				delete(live, key)
				return nil
			}
			live[key] = place{at + int64(off), len(value)}
			return nil
		})
	})
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w; restore the file from a copy, or move it away to start empty", path, err)
	}
	return f, live, nil
}

func rewrite(path string, old io.ReaderAt, live map[string]place) (size int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<16)
	for _, key := range slices.Sorted(maps.Keys(live)) {
		p := live[key]
		value := make([]byte, p.len)
		if _, err := old.ReadAt(value, p.at); err != nil {
			return 0, err
		}
		n, err := w.Write(encode([]Op{{key, value}}))
		if err != nil {
			return 0, err
		}
		size += int64(n)
	}
	return size, w.Flush()
}
