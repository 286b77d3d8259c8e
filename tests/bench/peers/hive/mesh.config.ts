// GraphQL Mesh composes the supergraph that Hive Gateway serves: three agencies as JSON sources. The residence agency is given to
// it as JSON already (the gateway and the other peers read SOAP): easier work, in this peer's favour.
import { defineConfig } from '@graphql-mesh/compose-cli'
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema'
import { readFileSync } from 'node:fs'

const endpoint = process.env.UPSTREAM!
const answers = process.env.ANSWERS!
const sample = (file: string) => JSON.parse(readFileSync(`${answers}/${file}`, 'utf8'))

const wanted = { hoTen: 'A', ngaySinh: '19900315', loaiNgaySinh: '0', gioiTinh: '1', maTinhKs: '38', maHuyenKs: '380', maXaKs: '14812', isKs: '1' }

export const composeConfig = defineConfig({
  subgraphs: [
    { sourceHandler: loadJSONSchemaSubgraph('residence', { endpoint, operations: [{
      type: 'Query', field: 'residence', path: '/json/residence', method: 'POST', responseTypeName: 'Person', responseSample: sample('json/residence'),
      requestTypeName: 'Asked', requestSample: { personal_id: '038090000001', full_name: 'A', birth_date: '1990-03-15' } }] }) },
    { sourceHandler: loadJSONSchemaSubgraph('insurance', { endpoint, operations: [
      { type: 'Query', field: 'insurance_number', path: '/apiBHXH/getMaSoBhxhTheoTieuChi', method: 'POST', responseTypeName: 'InsuranceNumber',
        responseSample: sample('apiBHXH/getMaSoBhxhTheoTieuChi'), requestTypeName: 'Wanted', requestSample: wanted },
      { type: 'Query', field: 'insured', path: '/apiBHXH/getTraCuuTtHgdByMaSoBhxh', method: 'POST', responseTypeName: 'Insured',
        responseSample: sample('apiBHXH/getTraCuuTtHgdByMaSoBhxh'), requestTypeName: 'Number', requestSample: { maSoBhxh: '3800000001' } }] }) },
    { sourceHandler: loadJSONSchemaSubgraph('tax', { endpoint, operations: [{
      type: 'Query', field: 'taxpayer', path: '/apiThue/1.0/traCuuNNT?mst={args.mst}', method: 'GET', responseTypeName: 'Taxpayer',
      argTypeMap: { mst: { type: 'string' } }, responseSample: sample('apiThue/1.0/traCuuNNT') }] }) }
  ],
  additionalTypeDefs: /* GraphQL */ `
    extend type Person {
      insurance_number: InsuranceNumber @resolveTo(
        sourceName: "insurance", sourceTypeName: "Query", sourceFieldName: "insurance_number",
        requiredSelectionSet: "{ full_name birth_date birth_registration { province district commune } }",
        sourceArgs: { input: { hoTen: "{root.full_name}", ngaySinh: "{root.birth_date}", loaiNgaySinh: "0", gioiTinh: "1",
          maTinhKs: "{root.birth_registration.province}", maHuyenKs: "{root.birth_registration.district}",
          maXaKs: "{root.birth_registration.commune}", isKs: "1" } })
    }
    extend type InsuranceNumber {
      insured: Insured @resolveTo(
        sourceName: "insurance", sourceTypeName: "Query", sourceFieldName: "insured",
        requiredSelectionSet: "{ maSoBhxh }", sourceArgs: { input: { maSoBhxh: "{root.maSoBhxh}" } })
    }`
})
