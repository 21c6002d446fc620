import type * as Node from '#protocol/api/node'
import type * as Requests from '#protocol/api/requests'
import type * as Runs from '#protocol/api/runs'

/**
 * A value as it travels: money and rates are decimal text of base units (a rate: 1e-9 of them per second), all
 * else is what it is.
 */
export type Wire<T> = unknown extends T
  ? T
  : T extends bigint
    ? string
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends readonly (infer Item)[]
        ? readonly Wire<Item>[]
        : { readonly [Key in keyof T]: Wire<T[Key]> }

export type RunCreate = Runs.RunCreateInput
export type ExecCreate = Runs.ExecCreateInput
export type MapCreate = Runs.MapCreateInput
export type HostJoin = Node.HostJoinInput
export type Run = Wire<Runs.RunView>
export type RunInspect = Wire<Runs.RunInspect>
export type Plan = Wire<Runs.Plan>
export type MapView = Wire<Runs.MapView>
export type Task = Wire<Runs.TaskView>
export type MapEvent = Wire<Runs.MapEvent>
export type RunStats = Wire<Requests.RunStatsView>
export type Blob = Wire<Requests.BlobView>
export type Offer = Wire<Node.OfferView>
export type Lease = Wire<Node.LeaseView>
export type Wallet = Wire<Node.WalletView>
export type WalletEntry = Wire<Node.WalletEntry>
export type Transaction = Wire<Node.TransactionView>
export type Host = Wire<Node.HostView>
export type Earning = Wire<Node.Earning>
export type Status = Wire<Node.StatusView>
