package graph

import (
	"encoding/base64"
	"reflect"
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
		{"a user", jwt(raw, `{"tid":"t","upn":"ada@example.com","preferred_username":"other","appid":"a","app_displayname":"n","oid":"o","scp":"b a","iat":1700000000,"exp":1700003600,"uti":"u1","aud":"https://graph.microsoft.com"}`), Identity{
			Tenant: "t", Actor: "ada@example.com", App: "a", AppName: "n", Object: "o", UserName: "ada@example.com", Audience: "https://graph.microsoft.com",
			Scopes: []string{"a", "b"}, Expires: time.Unix(1700003600, 0).UTC(), TokenID: "u1",
		}},
		{"an application's token", jwt(raw, `{"tid":"t","azp":"a","idtyp":"app","oid":"sp","roles":["y","x"],"aud":["one","two"]}`), Identity{
			Tenant: "t", Actor: "a", App: "a", Object: "sp", AppOnly: true, Roles: []string{"x", "y"}, Audience: "one",
		}},
		{"roles alone tell an application", jwt(raw, `{"roles":["x"]}`), Identity{AppOnly: true, Roles: []string{"x"}}},
		{"a user may have roles", jwt(raw, `{"roles":["x"],"scp":"s"}`), Identity{Roles: []string{"x"}, Scopes: []string{"s"}}},
		{"a claim of the wrong shape takes no other away", jwt(raw, `{"tid":7,"appid":"a","exp":"soon","roles":{}}`), Identity{App: "a", Actor: "a"}},
		{"a user of a later version", jwt(raw, `{"tid":"t","preferred_username":"ada@example.com","appid":"a"}`), Identity{Tenant: "t", Actor: "ada@example.com", App: "a", UserName: "ada@example.com"}},
		{"an application", jwt(raw, `{"tid":"t","appid":"a","app_displayname":"n"}`), Identity{Tenant: "t", Actor: "n (a)", App: "a", AppName: "n"}},
		{"an application without a name", jwt(raw, `{"tid":"t","appid":"a"}`), Identity{Tenant: "t", Actor: "a", App: "a"}},
		{"a name without an application", jwt(raw, `{"tid":"t","app_displayname":"n"}`), Identity{Tenant: "t", Actor: "n", AppName: "n"}},
		{"padded", jwt(base64.URLEncoding, `{"tid":"tt","upn":"u"}`), Identity{Tenant: "tt", Actor: "u", UserName: "u"}},
		{"letters that need base64url", jwt(raw, `{"tid":"t","upn":"ÿ?>~ü@example.com"}`), Identity{Tenant: "t", Actor: "ÿ?>~ü@example.com", UserName: "ÿ?>~ü@example.com"}},
		{"no claims", jwt(raw, `{}`), Identity{}},
		{"a claim of the wrong shape", jwt(raw, `{"tid":7}`), Identity{}},
		{"no JSON inside", jwt(raw, `tid`), Identity{}},
		{"no base64 inside", "a.!!!.c", Identity{}},
		{"opaque", "EwBIA8l6BAAU", Identity{}},
		{"encrypted, five parts", "a.b.c.d.e", Identity{}},
		{"empty", "", Identity{}},
	}
	for _, c := range cases {
		if got := Identify(c.token); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}

func TestIdentityOfAClient(t *testing.T) {
	c := New(Config{Root: root(t, "https://graph.example"), Credential: StaticToken(jwt(base64.RawURLEncoding, `{"tid":"t","upn":"u"}`))})
	got, err := c.Identity(t.Context())
	if err != nil || !reflect.DeepEqual(got, Identity{Tenant: "t", Actor: "u", UserName: "u"}) || c.Requests() != 0 {
		t.Errorf("%+v, %v after %d calls", got, err, c.Requests())
	}
}
