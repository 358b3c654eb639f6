package events

import (
	"slices"
	"testing"
)

// The ids are a promise for ever: consumers and our own tables remember them.
// A failure here means that the hash changed, not that the table is old.
func TestIDVectors(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"event", EventID("line", "demo", "message:1"), "evt_th4wez2rkv3vgs3hed7gxb5mru"},
		{"event of another key", EventID("line", "demo", "message:2"), "evt_rfzinemsyzqk46f6t6skun7gwu"},
		{"event of nothing", EventID("", "", ""), "evt_i2ogf6vsmmmkblwpzy5cz5ezde"},
		{"event, not ASCII", EventID("wechat", "店", "message:水壶"), "evt_er5do5qhaob3xvk72hjae3atea"},
		{"message", MessageID("line", "demo", "1"), "msg_76obmu4g4kaxaswlxyj6krgc6y"},
		{"message of WhatsApp", MessageID("whatsapp", "wa-main", "wamid.A1"), "msg_f653i5fsxvocpu375hfdqpat7y"},
		{"conversation", ConversationID("line", "demo", "U1"), "cnv_vpp4es732pbkfy4xndod4lqdza"},
		{"own conversation", ConversationID("line", "demo", OwnThread), "cnv_jtsu5wxqhkiepwxqkpxwz3zgwq"},
		{"contact", ContactID("line", "demo", Identity{Scheme: LINEUser, Value: "U1"}), "con_yknhqnioa75fgiimqifhpbf7zm"},
		{"contact, whatever vouches", ContactID("line", "demo", Identity{Scheme: LINEUser, Value: "U1", Scope: "p",
			Verified: "token"}), "con_yknhqnioa75fgiimqifhpbf7zm"},
		{"contact of another scheme", ContactID("line", "demo", Identity{Scheme: External, Value: "U1"}),
			"con_vs4gojrspkr7m2bqquncifuqmu"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
		}
	}
}

// Parts must not run into each other: "a"+"bc" is not "ab"+"c".
func TestIDsKeepPartsApart(t *testing.T) {
	ids := []string{EventID("ab", "c", "d"), EventID("a", "bc", "d"), EventID("a", "b", "cd"), EventID("abc", "", "d"),
		EventID("", "abc", "d")}
	for i, a := range ids {
		if !validID(a, "evt_") {
			t.Errorf("%s is not of the form that Validate wants", a)
		}
		if slices.Contains(ids[i+1:], a) {
			t.Errorf("%s stands for two lists of parts", a)
		}
	}
}
