package ddb

import "slices"

// How many indexes a table may have, and how many attributes they may project in all.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxLocal     = 5
	maxGlobal    = 20
	maxProjected = 100
)

// check refuses what CreateTable refuses.
func (def definition) check() error {
	if err := checkName(def.Name, "tableName"); err != nil {
		return err
	}
	if err := def.checkBilling(); err != nil {
		return err
	}
	for i, a := range def.Attributes {
		if err := checkEnum(a.AttributeType, "attributeDefinitions.member.attributeType", "B", "N", "S"); err != nil ||
			a.AttributeType == "" {
			return invalid("AttributeDefinitions: the type of %q must be S, N or B", a.AttributeName)
		}
		if slices.ContainsFunc(def.Attributes[:i],
			func(b attributeDefinition) bool { return a.AttributeName == b.AttributeName }) {
			return invalid("Cannot define multiple attributes with the same name; attribute name: %s", a.AttributeName)
		}
	}
	if err := def.checkKeys(def.Keys, "the table"); err != nil {
		return err
	}
	if err := def.checkIndexes(); err != nil {
		return err
	}
	return def.checkUsed()
}

func (def definition) checkBilling() error {
	if err := checkEnum(def.Billing, "billingMode", "PROVISIONED", "PAY_PER_REQUEST"); err != nil {
		return err
	}
	if provisioned := def.Billing == "PROVISIONED"; provisioned != (def.Throughput != nil) {
		if provisioned {
			return invalid("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
		}
		return invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	return nil
}

func (def definition) checkKeys(keys []keyElement, of string) error {
	if len(keys) < 1 || len(keys) > 2 || keys[0].KeyType != "HASH" || len(keys) == 2 && keys[1].KeyType != "RANGE" {
		return invalid("Invalid KeySchema of %s: it needs a HASH key element, then at most one RANGE key element", of)
	}
	if len(keys) == 2 && keys[0].AttributeName == keys[1].AttributeName {
		return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	}
	for _, k := range keys {
		if def.kind(k.AttributeName) == "" {
			return invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s] of %s", k.AttributeName, of)
		}
	}
	return nil
}

func (def definition) checkIndexes() error {
	if len(def.Local) > maxLocal {
		return invalid("One or more parameter values were invalid: Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocal)
	}
	if len(def.Global) > maxGlobal {
		return invalid("One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobal)
	}
	seen := map[string]bool{}
	projected := 0
	for i, x := range slices.Concat(def.Local, def.Global) {
		if seen[x.IndexName] {
			return invalid("One or more parameter values were invalid: Duplicate index name: %s", x.IndexName)
		}
		seen[x.IndexName] = true
		projected += len(x.Projection.NonKeyAttributes)
		if err := def.checkIndex(x, i < len(def.Local)); err != nil {
			return err
		}
	}
	if projected > maxProjected {
		return invalid("One or more parameter values were invalid: Number of NonKeyAttributes exceeds the limit of %d",
			maxProjected)
	}
	return nil
}

func (def definition) checkIndex(x indexDefinition, local bool) error {
	if err := checkName(x.IndexName, "indexName"); err != nil {
		return err
	}
	if err := def.checkKeys(x.KeySchema, "index "+x.IndexName); err != nil {
		return err
	}
	if local && (len(def.Keys) != 2 || len(x.KeySchema) != 2 || x.KeySchema[0] != def.Keys[0]) {
		return invalid("One or more parameter values were invalid: Index KeySchema of %s must have the table's hash key and a range key, and the table a range key", x.IndexName)
	}
	if billed := x.ProvisionedThroughput != nil; !local && billed != (def.Billing == "PROVISIONED") {
		return invalid("One or more parameter values were invalid: ProvisionedThroughput of index %s must be given if and only if BillingMode is PROVISIONED", x.IndexName)
	}
	switch x.Projection.ProjectionType {
	case "ALL", "KEYS_ONLY":
		if x.Projection.NonKeyAttributes != nil {
			return invalid("One or more parameter values were invalid: ProjectionType is %s, but NonKeyAttributes is specified",
				x.Projection.ProjectionType)
		}
	case "INCLUDE":
		if len(x.Projection.NonKeyAttributes) == 0 {
			return invalid("One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
		}
	default:
		return invalid("One or more parameter values were invalid: Unknown ProjectionType of index %s: %q", x.IndexName,
			x.Projection.ProjectionType)
	}
	return nil
}

// checkUsed refuses an attribute that is declared and no key.
func (def definition) checkUsed() error {
	keys := slices.Clone(def.Keys)
	for _, x := range slices.Concat(def.Local, def.Global) {
		keys = append(keys, x.KeySchema...)
	}
	for _, a := range def.Attributes {
		if !slices.ContainsFunc(keys, func(k keyElement) bool { return k.AttributeName == a.AttributeName }) {
			return invalid("One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [%s]", a.AttributeName)
		}
	}
	return nil
}
