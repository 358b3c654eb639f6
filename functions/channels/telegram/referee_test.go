package telegram_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/telegram"
	"github.com/relais-dev/relais/functions/channels/telegram/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// The tests here let a maintained library of the Bot API judge what we read and
// send, and the double that stands for Telegram elsewhere.

func samples(t *testing.T) sample.Set {
	t.Helper()
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestLibraryReadsTheSame compares the texts of new messages, with their ids.
func TestLibraryReadsTheSame(t *testing.T) {
	set := samples(t)
	read := 0
	for _, s := range set.Samples {
		var u models.Update
		if err := json.Unmarshal(s.Request.Body, &u); err != nil {
			if !strings.HasPrefix(s.Name, "malformed") {
				t.Errorf("%s: %v", s.Name, err)
			}
			continue
		}
		m := newMessage(u)
		if m == nil || m.Text == "" || strings.HasPrefix(s.Name, "malformed") {
			continue
		}
		list, err := telegram.Channel.Parse(set.Account, s.Request)
		if err != nil || len(list) == 0 || list[0].Data.Message == nil {
			t.Errorf("%s: we read %+v, %v; the library a text", s.Name, list, err)
			continue
		}
		got := list[0].Data.Message
		if !slices.ContainsFunc(got.Content, func(c events.Content) bool { return c.Text != nil && c.Text.Body == m.Text }) {
			t.Errorf("%s: %q is not in %+v", s.Name, m.Text, got.Content)
		}
		if !strings.HasSuffix(got.PlatformID, ":"+strconv.Itoa(m.ID)) && m.ID != 0 {
			t.Errorf("%s: it is %s, the library says %d", s.Name, got.PlatformID, m.ID)
		}
		if at := time.Unix(int64(m.Date), 0); !list[0].Time.Equal(at) {
			t.Errorf("%s: of %v, the library says %v", s.Name, list[0].Time, at)
		}
		read++
	}
	if read < 10 {
		t.Errorf("the library read %d texts", read)
	}
}

func newMessage(u models.Update) *models.Message {
	for _, m := range []*models.Message{u.Message, u.BusinessMessage, u.ChannelPost} {
		if m != nil {
			return m
		}
	}
	return nil
}

// A post is a request in a golden of ours.
type post struct {
	file, method string
	body         []byte
}

func shown(t *testing.T) []post {
	t.Helper()
	files, err := filepath.Glob("testdata/out/*.http")
	if err != nil {
		t.Fatal(err)
	}
	var list []post
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(text), "\nPOST https://api.telegram.org/bot[bot_token]/")[1:] {
			head, rest, _ := strings.Cut(part, "\n\n")
			method, _, _ := strings.Cut(head, " ")
			if body, _, _ := strings.Cut(rest, "\n"); strings.Contains(head, "application/json") {
				list = append(list, post{file, method, []byte(body)})
			}
		}
	}
	return list
}

// parameters are the library's types of what a method takes.
var parameters = map[string]any{
	"sendMessage": &bot.SendMessageParams{}, "sendPhoto": &bot.SendPhotoParams{}, "sendVideo": &bot.SendVideoParams{},
	"sendAudio": &bot.SendAudioParams{},
	"sendVoice": &bot.SendVoiceParams{}, "sendDocument": &bot.SendDocumentParams{},
	"sendAnimation": &bot.SendAnimationParams{}, "sendSticker": &bot.SendStickerParams{},
	"sendLocation": &bot.SendLocationParams{}, "sendVenue": &bot.SendVenueParams{},
	"sendContact": &bot.SendContactParams{}, "sendInvoice": &bot.SendInvoiceParams{},
	"sendChatAction": &bot.SendChatActionParams{}, "setMessageReaction": &bot.SetMessageReactionParams{},
	"editMessageText": &bot.EditMessageTextParams{},
	"deleteMessage":   &bot.DeleteMessageParams{}, "sendDice": &bot.SendDiceParams{}, "sendPoll": &bot.SendPollParams{},
	"readBusinessMessage": &bot.ReadBusinessMessageParams{},
}

// TestLibraryKnowsWhatWeSend decodes each parameter of our calls into the
// library's type of it, without unknown fields, and finds it unchanged there.
func TestLibraryKnowsWhatWeSend(t *testing.T) {
	calls := shown(t)
	if len(calls) < 40 {
		t.Errorf("only %d calls are judged", len(calls))
	}
	for _, c := range calls {
		params, known := parameters[c.method]
		if !known {
			t.Errorf("%s calls %s: which type has the library for it?", c.file, c.method)
			continue
		}
		var body map[string]json.RawMessage
		if err := json.Unmarshal(c.body, &body); err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		types := fields(reflect.TypeOf(params).Elem())
		for name, value := range body {
			typ, ok := types[name]
			if !ok {
				t.Errorf("%s: %s has no parameter %s", c.file, c.method, name)
				continue
			}
			if err := fits(typ, value); err != nil {
				t.Errorf("%s: %s of %s: %v", c.file, name, c.method, err)
			}
		}
	}
}

// fields are the parameters of a method, by their names.
func fields(params reflect.Type) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for i := range params.NumField() {
		name, _, _ := strings.Cut(params.Field(i).Tag.Get("json"), ",")
		types[name] = params.Field(i).Type
	}
	return types
}

// fits says why a parameter is not of the library's type.
func fits(typ reflect.Type, value json.RawMessage) error {
	switch typ {
	case reflect.TypeFor[models.InputFile](): // by its address or id
		typ = reflect.TypeFor[string]()
	case reflect.TypeFor[models.ReplyMarkup]():
		typ = reflect.TypeFor[models.InlineKeyboardMarkup]()
		if !bytes.HasPrefix(value, []byte(`{"inline_keyboard"`)) {
			typ = reflect.TypeFor[models.ReplyKeyboardMarkup]()
		}
	}
	v := reflect.New(typ)
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil {
		return err
	}
	again, err := json.Marshal(v.Interface())
	if err != nil {
		return err
	}
	if diff := cmp.Diff(plain(value), plain(again)); diff != "" {
		return errors.New("it is another one for the library (-ours +library's)\n" + diff)
	}
	return nil
}

// plain is JSON without the fields that say nothing: the library writes some that
// we leave out, and the other way round.
func plain(doc []byte) any {
	var v any
	_ = json.Unmarshal(doc, &v) // what was decoded or encoded just now
	return said(v)
}

func said(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			x = said(x)
			v[name] = x
			if empty(x) {
				delete(v, name)
			}
		}
	case []any:
		for i := range v {
			v[i] = said(v[i])
		}
	}
	return v
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return reflect.ValueOf(v).IsZero()
}

// TestLibraryTalksToTheDouble: what a bot of the library does, our double takes and
// answers as the library understands.
func TestLibraryTalksToTheDouble(t *testing.T) {
	set := samples(t)
	b, err := bot.New(set.Account.Value("bot_token"), bot.WithSkipGetMe(), bot.WithHTTPClient(time.Second, client{set}))
	if err != nil {
		t.Fatal(err)
	}
	const chat = int64(7000000001)
	ctx := t.Context()
	m, err := b.SendMessage(ctx,
		&bot.SendMessageParams{ChatID: chat, Text: "12 🍵", ReplyMarkup: models.InlineKeyboardMarkup{
			InlineKeyboard: [][]models.InlineKeyboardButton{{{Text: "Yes", CallbackData: "yes"}}}}})
	if err != nil || m.ID == 0 || m.Chat.ID != chat || m.Text != "12 🍵" {
		t.Fatalf("sendMessage: %v, %+v", err, m)
	}
	if p, err := b.SendPhoto(ctx,
		&bot.SendPhotoParams{ChatID: chat, Photo: &models.InputFileString{Data: "https://media.example.com/kettle.jpg"},
			Caption: "7"}); err != nil || p.ID == m.ID {
		t.Errorf("sendPhoto: %+v, %v", p, err)
	}
	if p, err := b.SendPhoto(ctx,
		&bot.SendPhotoParams{ChatID: chat,
			Photo: &models.InputFileUpload{Filename: "a.jpg", Data: strings.NewReader("jpeg")}}); err != nil || p.ID == 0 {
		t.Errorf("sendPhoto with a file: %+v, %v", p, err)
	}
	if e, err := b.EditMessageText(ctx, &bot.EditMessageTextParams{ChatID: chat, MessageID: m.ID,
		Text: "13"}); err != nil || e.ID != m.ID || e.Text != "13" {
		t.Errorf("editMessageText: %+v, %v", e, err)
	}
	reaction := []models.ReactionType{{Type: models.ReactionTypeTypeEmoji,
		ReactionTypeEmoji: &models.ReactionTypeEmoji{Type: models.ReactionTypeTypeEmoji, Emoji: "👍"}}}
	if ok, err := b.SetMessageReaction(ctx, &bot.SetMessageReactionParams{ChatID: chat, MessageID: m.ID,
		Reaction: reaction}); err != nil || !ok {
		t.Errorf("setMessageReaction: %v", err)
	}
	if ok, err := b.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: chat, MessageID: m.ID}); err != nil || !ok {
		t.Errorf("deleteMessage: %v", err)
	}
}

// TestDoubleRefusesTheLibrary what Telegram would, in words that it understands.
func TestDoubleRefusesTheLibrary(t *testing.T) {
	set := samples(t)
	b, err := bot.New(set.Account.Value("bot_token"), bot.WithSkipGetMe(), bot.WithHTTPClient(time.Second, client{set}))
	if err != nil {
		t.Fatal(err)
	}
	for why, p := range map[string]*bot.SendMessageParams{
		"no chat":  {Text: "Hello"},
		"no text":  {ChatID: 1},
		"too long": {ChatID: 1, Text: strings.Repeat("a", 4097)},
		"a long button": {ChatID: 1, Text: "a",
			ReplyMarkup: models.InlineKeyboardMarkup{
				InlineKeyboard: [][]models.InlineKeyboardButton{{{Text: "a", CallbackData: strings.Repeat("a", 65)}}}}},
	} {
		if _, err := b.SendMessage(t.Context(), p); !errors.Is(err, bot.ErrorBadRequest) {
			t.Errorf("%s: %v, want a bad request", why, err)
		}
	}
	stranger, err := bot.New("1:another", bot.WithSkipGetMe(), bot.WithHTTPClient(time.Second, client{set}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.SendMessage(t.Context(), &bot.SendMessageParams{ChatID: 1, Text: "a"}); !errors.Is(err,
		bot.ErrorUnauthorized) {
		t.Errorf("another token: %v, want unauthorised", err)
	}
}

// A client is the double as the library's way out.
type client struct{ set sample.Set }

func (c client) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := play.Platform.Answer(c.set.Account,
		stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.Path,
			Header: r.Header, Body: body, Received: c.set.Now}})
	return &http.Response{StatusCode: answer.Status, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(answer.Body)), Request: r}, nil
}
