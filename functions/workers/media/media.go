// Package media copies what customers sent before its link dies: it opens the file
// as its channel does, within bounds, finds out what it is, stores it under its
// digest, and tells by an event.
package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/workers/sender"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// maxFile bounds a file, in bytes: the largest that a platform lets customers send
// (WhatsApp documents, 100 MB) fits; Lambda's disk has five times as much.
const maxFile = 100 << 20

// A Fetcher is the function behind the media queue.
type Fetcher struct {
	Mailbox       mailbox.Mailbox
	Lanes         *store.Lanes
	Conversations *store.Conversations
	Lists         *store.Accounts // how far each was read
	Source        queue.Source
	Files         *media.Files
	Accounts      *sender.Accounts
	Log           *slog.Logger
	Metrics       *observe.Metrics
	Now           func() time.Time
}

// New is the function that copies media.
func New(name string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	kept, files := e.Store(c), media.New(c, e)
	log, metrics := e.Log(name), e.Metrics(name)
	return &Fetcher{Mailbox: mailbox.New(c, e, metrics, log), Lanes: store.NewLanes(kept),
		Conversations: store.NewConversations(kept), Lists: store.NewAccounts(kept), Source: e.Source(c, name), Files: files,
		Accounts: sender.NewAccounts(c.Secrets, e, channels, store.NewAccounts(kept), files),
		Log:      log, Metrics: metrics, Now: e.Now}, nil
}

// Invoke handles a batch of rings.
func (f *Fetcher) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer f.Metrics.Flush()
	if err := f.Files.LoadKey(ctx); err != nil {
		return nil, err
	}
	return f.Source.Batch(ctx, payload, func(ctx context.Context, g queue.Group) int {
		for i, r := range g.Records {
			if err := f.take(ctx, g, r); err != nil {
				f.Log.Warn("media waits, the ring comes again", "lane", g.Name, "error", err.Error())
				return i
			}
		}
		return len(g.Records)
	})
}

// take handles a ring.
func (f *Fetcher) take(ctx context.Context, g queue.Group, r queue.Record) error {
	partition, ring := queue.Rung(r.Body)
	lane, ok := store.ParseLane(partition)
	if !ring || !ok || lane.Queue() != names.Media {
		return f.Source.Bury(ctx, r)
	}
	return f.Drain(ctx, g, lane)
}

const (
	// patience is how long a file is tried: the shortest-lived links live for hours.
	patience = 2 * time.Hour
	// pullPatience is how long what a platform keeps for us is tried. It is less than
	// events are kept, so that what is given up is told while it is known.
	pullPatience = 7 * 24 * time.Hour
)

// Drain copies the media of the events that wait in a lane. What fails for a while
// holds up no other: it waits, and the sweeper rings for it. When the turn is over it
// rings for the rest.
func (f *Fetcher) Drain(ctx context.Context, g queue.Group, lane store.Lane) error {
	put := map[string]bool{} // off, in this drain
	for {
		waiting, err := f.Lanes.Waiting(ctx, lane, store.PendingPage)
		if err != nil {
			return err
		}
		fresh := slices.DeleteFunc(waiting, func(id string) bool { return put[id] })
		if len(fresh) == 0 {
			return nil
		}
		for _, id := range fresh {
			err := queue.ErrTurn
			if !g.Over(outhttp.MediaTimeout) {
				err = f.one(ctx, g, lane, id)
			}
			if errors.Is(err, queue.ErrTurn) {
				return f.Source.GoOn(ctx, string(lane), err)
			}
			if err != nil {
				f.Log.Warn("media waits", "event", id, "error", err.Error())
				put[id] = true
				if err := f.Lanes.Defer(ctx, lane, id, f.Now().Add(time.Minute)); err != nil {
					return err
				}
			}
		}
	}
}

// one copies the media of one event.
func (f *Fetcher) one(ctx context.Context, g queue.Group, lane store.Lane, id string) error {
	it, found, err := f.Conversations.Event(ctx, lane.Conversation(), id)
	if err != nil && !errors.Is(err, store.ErrNoBody) { // quarantined elsewhere
		return err
	}
	if found {
		if err := f.event(ctx, g, it); err != nil {
			return err
		}
	}
	return f.Lanes.Leave(ctx, lane, id)
}

func (f *Fetcher) event(ctx context.Context, g queue.Group, it store.Item) error {
	e, err := it.Event()
	if err == nil && e.Data.Unsupported != nil {
		return f.announced(ctx, g, e)
	}
	if err != nil || e.Data.Message == nil {
		return nil // quarantined elsewhere
	}
	for i, c := range e.Data.Message.Content {
		if c.Media == nil || c.Media.State != events.MediaPending {
			continue
		}
		if g.Over(outhttp.MediaTimeout) {
			return queue.ErrTurn
		}
		if err := f.file(ctx, &e, i, *c.Media); err != nil {
			return err
		}
	}
	return nil
}

// file copies one file and tells of it, once.
func (f *Fetcher) file(ctx context.Context, e *events.Event, part int, m events.Media) error {
	if len(e.Data.Message.Content) > 1 { // an earlier try may have copied this one
		_, told, err := f.Conversations.Event(ctx, e.Subject, events.EventID(e.Channel, e.Account, mediaKey(e, part)))
		if told || err != nil {
			return err
		}
	}
	stored, err := f.copy(ctx, e, m)
	if err == nil {
		f.Metrics.Count(observe.MediaDone, 1)
		return f.tell(ctx, e, part, stored, nil)
	}
	var refused *channel.Error
	if (!errors.As(err, &refused) || refused.Passes()) && f.Now().Before(e.RecordedTime.Add(patience)) {
		return err
	}
	if refused == nil {
		refused = &channel.Error{Class: events.ClassMedia, Title: err.Error()}
	}
	f.Metrics.CountBy(observe.MediaLost, "class", refused.Class, 1)
	m.State = events.MediaLost
	return f.tell(ctx, e, part, m, refused.Status())
}

// announced brings what e announces, or tells when that is given up.
func (f *Fetcher) announced(ctx context.Context, g queue.Group, e events.Event) error {
	err := f.pull(ctx, g, e)
	if err == nil || errors.Is(err, queue.ErrTurn) || f.Now().Before(e.RecordedTime.Add(pullPatience)) {
		return err
	}
	f.Log.Error("gave up what a platform keeps for us", "event", e.ID, "channel", e.Channel, "account", e.Account,
		"error", err.Error())
	f.Metrics.Count(observe.Quarantined, 1)
	q := events.Event{Type: events.IngestQuarantined, Key: "pull:" + e.ID, Time: f.Now(),
		Data: events.Data{Conversation: e.Data.Conversation, Quarantine: &events.Quarantine{Event: e.ID, Reason: "pull",
			Detail: "the platform announced something and did not give it for a week"}}}
	channel.Complete(&q, e.Channel, e.Account, f.Now())
	return f.Mailbox.Put(ctx, &q, 0)
}

// pages bounds what one announcement brings in one invocation; the rest comes with
// the next.
const pages = 50

// pull commits the events that e announces, and keeps the cursor only after them.
func (f *Fetcher) pull(ctx context.Context, g queue.Group, e events.Event) error {
	ch, env, err := f.Accounts.Media(ctx, e.Channel, e.Account)
	if err != nil || ch.Pull == nil {
		return err
	}
	cursor, err := f.Lists.Cursor(ctx, e.Subject)
	for range pages {
		if err != nil {
			return err
		}
		if g.Over(outhttp.Timeout) {
			return queue.ErrTurn
		}
		list, next, done, err := ch.Pull(ctx, env, e, cursor)
		if err != nil {
			return fmt.Errorf("pull %s/%s: %w", e.Channel, e.Account, err)
		}
		if err := f.commit(ctx, e, list); err != nil {
			return err
		}
		if next != "" && next != cursor {
			if err := f.Lists.SetCursor(ctx, e.Subject, next); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
		cursor = next
	}
	return queue.ErrTurn
}

// commit is what a webhook does with its events.
func (f *Fetcher) commit(ctx context.Context, from events.Event, list []events.Event) error {
	items := make([]store.Item, len(list))
	for i := range list {
		e := &list[i]
		channel.Complete(e, from.Channel, from.Account, f.Now())
		if err := e.Validate(); err != nil {
			return fmt.Errorf("pulled event %d: %w", i, err)
		}
		it, err := store.NewItem(e, e.Raw, i)
		if err != nil {
			return err
		}
		items[i] = it
	}
	_, err := f.Mailbox.Commit(ctx, items)
	return err
}

// copy brings one file into the bucket.
func (f *Fetcher) copy(ctx context.Context, e *events.Event, m events.Media) (events.Media, error) {
	content, err := f.open(ctx, e, m)
	if err != nil {
		return m, err
	}
	defer content.Close()
	file, err := os.CreateTemp("", "media-*")
	if err != nil {
		return m, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, h), io.LimitReader(content, maxFile+1))
	switch {
	case errors.Is(err, outhttp.ErrTooLarge) || n > maxFile:
		return m, &channel.Error{Class: events.ClassMedia, Title: fmt.Sprintf("the file has more than %d bytes", maxFile)}
	case err != nil:
		return m, fmt.Errorf("load file: %w", err)
	case n == 0:
		return m, &channel.Error{Class: events.ClassMedia, Title: "the file is empty"}
	}
	digest := hex.EncodeToString(h.Sum(nil))
	if m.SHA256 != "" && m.SHA256 != digest {
		return m, &channel.Error{Class: events.ClassMedia,
			Title: "the file is not the one that the platform announced (SHA-256 differs)"}
	}
	kind, err := sniff(file, m.MIME)
	if err != nil {
		return m, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return m, err
	}
	if err := f.Files.Put(ctx, digest, kind, n, file); err != nil {
		return m, err
	}
	m.State, m.SHA256, m.Bytes, m.MIME = events.MediaCopied, digest, n, kind
	m.URL, m.ExpiresAt = f.Files.Link(digest), f.Now().Add(media.LinkLife).UTC().Truncate(time.Second)
	return m, nil
}

// open opens the file as its channel does, or at its address.
func (f *Fetcher) open(ctx context.Context, e *events.Event, m events.Media) (io.ReadCloser, error) {
	ch, env, err := f.Accounts.Media(ctx, e.Channel, e.Account)
	if err != nil {
		return nil, err
	}
	if ch.Fetch != nil {
		return ch.Fetch(ctx, env, m)
	}
	if m.URL == "" {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the platform gave no address"}
	}
	return f.Files.Get(ctx, m.URL)
}

// sniff is the type that a file's content shows, where it shows one: what is
// announced is believed only when the content does not contradict it.
func sniff(file *os.File, announced string) (string, error) {
	head := make([]byte, 512)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	seen, _, _ := mime.ParseMediaType(http.DetectContentType(head[:n]))
	claim, _, err := mime.ParseMediaType(announced)
	generic := seen == "application/octet-stream" || seen == "text/plain" || seen == "application/zip"
	switch {
	case active(seen), active(claim) && generic:
		return "application/octet-stream", nil
	case active(claim):
		return seen, nil
	case err != nil:
		return seen, nil
	case generic, family(seen) == family(claim):
		return claim, nil
	}
	return seen, nil
}

// active says whether a browser would run what a file of that type holds, or look
// for more files in it. Whatever it shows, no file is given out as such.
func active(t string) bool {
	_, sub, _ := strings.Cut(t, "/")
	for _, part := range []string{"html", "svg", "script", "flash"} {
		if strings.Contains(sub, part) {
			return true
		}
	}
	return sub == "xml" || sub == "xsl" || strings.HasSuffix(sub, "+xml") || strings.HasPrefix(t, "multipart/") ||
		strings.HasPrefix(t, "message/")
}

// family is what a type's names agree on: containers of sound are announced as film and the other way round.
func family(t string) string {
	top, _, _ := strings.Cut(t, "/")
	if top == "audio" || top == "video" || t == "application/ogg" {
		return "recording"
	}
	return top
}

// tell commits what became of a file, once per file.
func (f *Fetcher) tell(ctx context.Context, of *events.Event, part int, m events.Media,
	why *events.StatusError) error {
	now := f.Now()
	d := of.Data
	e := events.Event{Type: events.MediaStored, Key: mediaKey(of, part), Time: now,
		Data: events.Data{Contact: d.Contact, Conversation: d.Conversation,
			MediaUpdate: &events.MediaUpdate{Media: m, Error: why,
				Message: events.Ref{ID: d.Message.ID, PlatformID: d.Message.PlatformID}}}}
	if why != nil {
		e.Type = events.MediaFailed
	}
	channel.Complete(&e, of.Channel, of.Account, now)
	return f.Mailbox.Put(ctx, &e, part)
}

func mediaKey(of *events.Event, part int) string { return fmt.Sprintf("media:%s:%d", of.ID, part) }
