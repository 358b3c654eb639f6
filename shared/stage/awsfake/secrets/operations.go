package secrets

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

type ref struct{ SecretId string }

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (s *Secrets) create(in *struct {
	Name, ClientRequestToken, Description, KmsKeyId string
	Tags                                            []tag
	value
}) (any, error) {
	name := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/_+=.@-", r))
	}
	if in.Name == "" || len(in.Name) > 512 || strings.ContainsFunc(in.Name, name) {
		return nil, wire.Errorf("InvalidParameterException",
			"Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if err := checkValue(in.value); err != nil {
		return nil, err
	}
	now := s.now()
	x := &secret{
		Name: in.Name, Description: in.Description, KmsKeyID: in.KmsKeyId, Tags: in.Tags, Created: now, Changed: now,
		ARN:    "arn:aws:secretsmanager:" + s.region + ":" + s.account + ":secret:" + in.Name + "-" + suffix(),
		Stages: map[string]string{},
	}
	if old := s.secrets[in.Name]; old != nil {
		if again := old.version(in.ClientRequestToken); again == nil || !again.equal(in.value) {
			return nil, existing(old)
		}
		return reply(old, in.ClientRequestToken), nil
	}
	id := ""
	if in.given() {
		var err error
		if id, err = x.addVersion(in.ClientRequestToken, in.value, []string{current}, now); err != nil {
			return nil, err
		}
	}
	return reply(x, id), s.save(x)
}

func existing(x *secret) error {
	if !x.Delete.IsZero() {
		return wire.Errorf("InvalidRequestException",
			"You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	return wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", x.Name)
}

func (x *secret) version(id string) *version {
	i := slices.IndexFunc(x.Versions, func(v version) bool { return v.ID == id })
	if i < 0 {
		return nil
	}
	return &x.Versions[i]
}

func reply(x *secret, version string) map[string]any {
	r := map[string]any{"ARN": x.ARN, "Name": x.Name}
	if version != "" {
		r["VersionId"] = version
	}
	return r
}

func (s *Secrets) get(in *struct{ SecretId, VersionId, VersionStage string }) (any, error) {
	x, err := s.live(in.SecretId)
	if err != nil {
		return nil, err
	}
	id := in.VersionId
	if stage := in.VersionStage; stage != "" || id == "" {
		if stage == "" {
			stage = current
		}
		staged := x.Stages[stage]
		if staged == "" || id != "" && id != staged {
			return nil, wire.Errorf("ResourceNotFoundException",
				"Secrets Manager can't find the specified secret value for staging label: %s", stage)
		}
		id = staged
	}
	v := x.version(id)
	if v == nil {
		return nil, wire.Errorf("ResourceNotFoundException",
			"Secrets Manager can't find the specified secret value for VersionId: %s", id)
	}
	r := reply(x, v.ID)
	r["VersionStages"], r["CreatedDate"] = x.stagesOf(v.ID), epoch(v.Created)
	if v.SecretString != nil {
		r["SecretString"] = *v.SecretString
	} else {
		r["SecretBinary"] = v.SecretBinary
	}
	return r, nil
}

func (s *Secrets) put(in *struct {
	SecretId, ClientRequestToken string
	VersionStages                []string
	value
}) (any, error) {
	x, err := s.live(in.SecretId)
	if err != nil {
		return nil, err
	}
	if !in.given() {
		return nil, wire.Errorf("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
	}
	if err := checkValue(in.value); err != nil {
		return nil, err
	}
	stages := in.VersionStages
	if len(stages) == 0 || len(x.Versions) == 0 && !slices.Contains(stages, current) {
		stages = append(stages, current)
	}
	x = x.clone()
	id, err := x.addVersion(in.ClientRequestToken, in.value, stages, s.now())
	if err != nil {
		return nil, err
	}
	r := reply(x, id)
	r["VersionStages"] = x.stagesOf(id)
	return r, s.save(x)
}

func (s *Secrets) update(in *struct {
	SecretId, ClientRequestToken string
	Description, KmsKeyId        *string
	value
}) (any, error) {
	x, err := s.live(in.SecretId)
	if err != nil {
		return nil, err
	}
	if err := checkValue(in.value); err != nil {
		return nil, err
	}
	x = x.clone()
	x.Changed = s.now()
	if in.Description != nil {
		x.Description = *in.Description
	}
	if in.KmsKeyId != nil {
		x.KmsKeyID = *in.KmsKeyId
	}
	id := ""
	if in.given() {
		if id, err = x.addVersion(in.ClientRequestToken, in.value, []string{current}, s.now()); err != nil {
			return nil, err
		}
	}
	return reply(x, id), s.save(x)
}

func (s *Secrets) describe(in *ref) (any, error) {
	x := s.find(in.SecretId)
	if x == nil {
		return nil, notFound()
	}
	r := x.describe()
	r["VersionIdsToStages"] = x.versionStages()
	return r, nil
}

func (x *secret) versionStages() map[string][]string {
	out := map[string][]string{}
	for stage, id := range x.Stages {
		out[id] = append(out[id], stage)
	}
	for _, stages := range out {
		slices.Sort(stages)
	}
	return out
}

func (x *secret) describe() map[string]any {
	r := reply(x, "")
	r["CreatedDate"], r["LastChangedDate"] = epoch(x.Created), epoch(x.Changed)
	if x.Description != "" {
		r["Description"] = x.Description
	}
	if x.KmsKeyID != "" {
		r["KmsKeyId"] = x.KmsKeyID
	}
	if len(x.Tags) > 0 {
		r["Tags"] = x.Tags
	}
	if !x.Delete.IsZero() {
		r["DeletedDate"] = epoch(x.Delete)
	}
	return r
}

type listRequest struct {
	MaxResults             *int
	NextToken              string
	IncludePlannedDeletion bool
	SortOrder              string
	Filters                []struct {
		Key    string
		Values []string
	}
}

func (s *Secrets) list(in *listRequest) (any, error) {
	names := slices.Sorted(maps.Keys(s.secrets))
	if in.SortOrder == "desc" {
		slices.Reverse(names)
	}
	after, err := base64.URLEncoding.DecodeString(in.NextToken)
	if err != nil {
		return nil, wire.Errorf("InvalidNextTokenException", "The NextToken was not issued here.")
	}
	limit := 100
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > 100 {
		return nil, wire.Errorf("InvalidParameterException", "MaxResults must be between 1 and 100.")
	}
	if i := slices.Index(names, string(after)); i >= 0 {
		names = names[i+1:]
	}
	return s.page(in, names, limit)
}

func (s *Secrets) page(in *listRequest, names []string, limit int) (any, error) {
	found := []map[string]any{}
	last := ""
	for _, name := range names {
		x := s.secrets[name]
		ok, err := in.matches(x)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if len(found) == limit {
			return map[string]any{"SecretList": found, "NextToken": base64.URLEncoding.EncodeToString([]byte(last))}, nil
		}
		r := x.describe()
		r["SecretVersionsToStages"] = x.versionStages()
		found, last = append(found, r), name
	}
	return map[string]any{"SecretList": found}, nil
}

func (in *listRequest) matches(x *secret) (bool, error) {
	if !x.Delete.IsZero() && !in.IncludePlannedDeletion {
		return false, nil
	}
	for _, f := range in.Filters {
		if f.Key != "name" {
			return false, wire.Errorf("InvalidParameterException", "The filter key %q is not emulated; name is.", f.Key)
		}
		if !slices.ContainsFunc(f.Values, func(v string) bool { return strings.HasPrefix(x.Name, v) }) {
			return false, nil
		}
	}
	return true, nil
}

func (s *Secrets) remove(in *struct {
	SecretId                   string
	RecoveryWindowInDays       *int
	ForceDeleteWithoutRecovery bool
}) (any, error) {
	x, err := s.live(in.SecretId)
	if err != nil {
		return nil, err
	}
	days := 30
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
	}
	if in.ForceDeleteWithoutRecovery && in.RecoveryWindowInDays != nil || days < 7 || days > 30 {
		return nil, wire.Errorf("InvalidParameterException",
			"RecoveryWindowInDays must be 7 to 30, and cannot be combined with ForceDeleteWithoutRecovery.")
	}
	r := reply(x, "")
	if in.ForceDeleteWithoutRecovery {
		r["DeletionDate"] = epoch(s.now())
		if err := s.log.Write(keep.Op{Key: prefix + x.Name}); err != nil {
			return nil, err
		}
		delete(s.secrets, x.Name)
		return r, nil
	}
	x = x.clone()
	x.Delete = s.now().AddDate(0, 0, days)
	r["DeletionDate"] = epoch(x.Delete)
	return r, s.save(x)
}

func (s *Secrets) restore(in *ref) (any, error) {
	x := s.find(in.SecretId)
	if x == nil {
		return nil, notFound()
	}
	x = x.clone()
	x.Delete = time.Time{}
	return reply(x, ""), s.save(x)
}
