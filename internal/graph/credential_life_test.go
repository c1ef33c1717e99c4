package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// session signs in with a secret, without a network, so that the test's clock rules.
func session(t *testing.T, a *authority) *Session {
	t.Helper()
	s, err := NewCredential(SignIn{Kind: SignInSecret, Cloud: Clouds()[0], TenantID: "the-tenant", ClientID: "the-client", Secret: theSecret, Transport: a.inMemory()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get demands the token of that number.
func get(t *testing.T, s *Session, fresh bool, number int) {
	t.Helper()
	if got, err := s.Token(t.Context(), fresh); err != nil || got != fmt.Sprintf("%s-%d", secret, number) {
		t.Errorf("%v: token %q, %v; want number %d", time.Now().Format(time.TimeOnly), got, err, number)
	}
}

func TestCredentialRenews(t *testing.T) {
	noAzure(t)
	synctest.Test(t, func(t *testing.T) {
		a := &authority{}
		s := session(t, a)
		get(t, s, false, 0)
		time.Sleep(54 * time.Minute)
		get(t, s, false, 0)
		time.Sleep(time.Minute + time.Second) // five minutes are left, less a second
		get(t, s, false, 1)
		if n := len(a.asked()); n != 2 {
			t.Errorf("the authority was asked %d times", n)
		}
	})
}

// A token of two minutes is used for four fifths of them.
func TestCredentialRenewsShortTokens(t *testing.T) {
	noAzure(t)
	synctest.Test(t, func(t *testing.T) {
		s := session(t, &authority{life: 2 * time.Minute})
		get(t, s, false, 0)
		time.Sleep(95 * time.Second)
		get(t, s, false, 0)
		time.Sleep(2 * time.Second)
		get(t, s, false, 1)
	})
}

// While the authority is out of order a token serves until its end, and the authority is not asked at every call.
func TestCredentialOutlivesTheAuthority(t *testing.T) {
	noAzure(t)
	synctest.Test(t, func(t *testing.T) {
		a := &authority{}
		s := session(t, a)
		get(t, s, false, 0)
		time.Sleep(56 * time.Minute)
		a.refuse = "AADSTS90033"
		get(t, s, false, 0)
		get(t, s, false, 0)
		if n := len(a.asked()); n != 2 {
			t.Errorf("the authority was asked %d times; want once in vain", n)
		}
		time.Sleep(5 * time.Minute)
		_, err := s.Token(t.Context(), false)
		wantError(t, err, "AADSTS90033")
		a.refuse = ""
		get(t, s, false, 1)
	})
}

// A token may be refused the moment after it was issued, such as by a Graph that wants other permissions.
func TestCredentialFreshAtOnce(t *testing.T) {
	noAzure(t)
	synctest.Test(t, func(t *testing.T) {
		s := session(t, &authority{})
		get(t, s, false, 0)
		get(t, s, true, 1)
		time.Sleep(11 * time.Second)
		get(t, s, true, 2)
	})
}

// Many calls whose token was refused at once share one new token.
func TestCredentialFreshOnce(t *testing.T) {
	noAzure(t)
	synctest.Test(t, func(t *testing.T) {
		a := &authority{}
		s := session(t, a)
		get(t, s, false, 0)
		time.Sleep(10 * time.Minute)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { get(t, s, true, 1) })
		}
		all.Wait()
		get(t, s, false, 1)
		if n := len(a.asked()); n != 2 {
			t.Errorf("the authority was asked %d times", n)
		}
	})
}

// An authority that gives the refused token again is an error, so that no call goes round in circles.
func TestCredentialSameTokenAgain(t *testing.T) {
	noAzure(t)
	synctest.Test(t, func(t *testing.T) {
		s := session(t, &authority{same: true})
		get(t, s, false, 0)
		time.Sleep(time.Minute)
		_, err := s.Token(t.Context(), true)
		wantError(t, err, "--auth secret", "gave the same one", "revoked")
	})
}

// TestCredentialSource follows a token that somebody else renews.
func TestCredentialSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, fails := 0, false
		s, err := NewCredential(SignIn{Kind: SignInToken, Cloud: Clouds()[0], Source: func(context.Context) (string, error) {
			if fails {
				return "", errors.New("the vault is shut")
			}
			n++
			return fmt.Sprintf("%s-%d", secret, n-1), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		get(t, s, false, 0)
		get(t, s, false, 0)
		time.Sleep(time.Minute)
		get(t, s, true, 1)
		fails = true
		time.Sleep(time.Minute)
		_, err = s.Token(t.Context(), true)
		wantError(t, err, "--auth token", "the vault is shut")
	})
}
