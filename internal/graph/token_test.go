package graph

import (
	"encoding/base64"
	"reflect"
	"slices"
	"testing"
	"time"
)

func jwt(encoding *base64.Encoding, claims string) string {
	return encoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + encoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestIdentify(t *testing.T) {
	raw := base64.RawURLEncoding
	cases := []struct {
		name, token string
		want        Identity
	}{
		{"a user", jwt(raw, `{"tid":"t","upn":"ada@example.com","preferred_username":"other","appid":"a","app_displayname":"n"}`), Identity{"t", "ada@example.com"}},
		{"a user of a later version", jwt(raw, `{"tid":"t","preferred_username":"ada@example.com","appid":"a"}`), Identity{"t", "ada@example.com"}},
		{"an application", jwt(raw, `{"tid":"t","appid":"a","app_displayname":"n"}`), Identity{"t", "n (a)"}},
		{"an application without a name", jwt(raw, `{"tid":"t","appid":"a"}`), Identity{"t", "a"}},
		{"a name without an application", jwt(raw, `{"tid":"t","app_displayname":"n"}`), Identity{"t", "n"}},
		{"padded", jwt(base64.URLEncoding, `{"tid":"tt","upn":"u"}`), Identity{"tt", "u"}},
		{"letters that need base64url", jwt(raw, `{"tid":"t","upn":"ÿ?>~ü@example.com"}`), Identity{"t", "ÿ?>~ü@example.com"}},
		{"no claims", jwt(raw, `{}`), Identity{}},
		{"a claim of the wrong shape", jwt(raw, `{"tid":7}`), Identity{}},
		{"no JSON inside", jwt(raw, `tid`), Identity{}},
		{"no base64 inside", "a.!!!.c", Identity{}},
		{"opaque", "EwBIA8l6BAAU", Identity{}},
		{"encrypted, five parts", "a.b.c.d.e", Identity{}},
		{"empty", "", Identity{}},
	}
	for _, c := range cases {
		if got := Identify(c.token); got != c.want {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}

func TestIdentityOfAClient(t *testing.T) {
	c := New(Config{Root: root(t, "https://graph.example"), Credential: StaticToken(jwt(base64.RawURLEncoding, `{"tid":"t","upn":"u"}`))})
	got, err := c.Identity(t.Context())
	if err != nil || got != (Identity{"t", "u"}) || c.Requests() != 0 {
		t.Errorf("%+v, %v after %d calls", got, err, c.Requests())
	}
}
