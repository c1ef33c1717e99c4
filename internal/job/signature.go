package job

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
)

// signed refuses to send what no signer has signed. What is not sent needs no signature.
func (r *run) signed() error {
	if r.Signers == nil || len(r.plan.Pending()) == 0 {
		return nil
	}
	const hint = "nothing was sent; look at the plan, and have one of the signers sign it"
	if r.past == nil {
		return exit.Errorf(exit.Limit, hint, "the plan is not signed: save it with taskrecon plan --ledger, and apply that")
	}
	_, _, err := r.planSignature()
	if err != nil {
		return exit.Errorf(exit.Limit, hint, "the plan %s is not signed: %w", r.File, err)
	}
	return nil
}

// planSignature is the signature of the plan that counts: the first one, of those in the ledger and the one beside it, that is by one
// of the signers, or where none are named, by anyone. kept says that the ledger has it.
func (r *run) planSignature() (signature string, kept bool, err error) {
	for _, leg := range r.past.Resumes {
		if leg.Signature == "" {
			continue
		}
		if err = r.vouches([]byte(leg.Signature)); err == nil {
			return leg.Signature, true, nil
		}
	}
	path := r.File + ledger.SignatureSuffix
	beside, readErr := ledger.ReadSignature(path)
	switch {
	case errors.Is(readErr, fs.ErrNotExist) && err == nil:
		return "", false, fmt.Errorf("there is no %s", path)
	case errors.Is(readErr, fs.ErrNotExist):
		return "", false, fmt.Errorf("of the signature in it, %w", err)
	case readErr != nil:
		return "", false, readErr
	}
	if err = r.vouches(beside); err != nil {
		return "", false, fmt.Errorf("of %s, %w", path, err)
	}
	return string(beside), false, nil
}

func (r *run) vouches(signature []byte) error {
	if r.Signers != nil {
		_, err := ledger.CheckSignature(signature, r.past.PlanFinal(), bytes.NewReader(r.Signers))
		return err
	}
	if !ledger.IsSignature(signature, r.past.PlanFinal()) {
		return errors.New("it is not of this plan")
	}
	return nil
}

// goOn marks in the ledger that the run goes on. The first leg copies the signature of the plan, so that later ones have it wherever the
// ledger goes.
func (r *run) goOn(book *ledger.Writer) error {
	signature, kept, err := r.planSignature()
	if kept || err != nil {
		signature = "" // where one is asked for, signed says what is wrong
	}
	return book.Resumed(r.header(), signature)
}

// sign leaves a signature of the ledger's final hash beside it.
func (r *run) sign(final string) error {
	path := r.files.signature
	signature, err := r.Signer.Sign(final)
	if write := atomicfile.WriteNew; err == nil {
		if r.mayReplace(path) {
			write = atomicfile.Write
		}
		err = write(path, signature, 0o600)
	}
	if err != nil {
		return fmt.Errorf("signing the ledger: %w", err)
	}
	r.Watcher.Written("signature", path)
	return nil
}

// sameAsPlanned refuses what the command line says otherwise than the plan, which is sent as it was made.
func (r *run) sameAsPlanned() error {
	h := &r.past.Header
	for _, o := range h.Options {
		for _, now := range r.Fixed {
			if now.Name != o.Name || now.Value == o.Value || o.Name == "sheet" && now.Value == h.Input.Sheet {
				continue
			}
			return exit.Errorf(exit.Usage, "leave it out, or make a new plan; nothing was sent",
				"the plan %s was made with --%s %q, and is sent so, not with %q", r.File, o.Name, o.Value, now.Value)
		}
	}
	return nil
}
