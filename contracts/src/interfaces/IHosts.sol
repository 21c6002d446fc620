// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A directory of events: the last resort for finding hosts when no peer is known.
interface IHosts {
    /// @notice `host` may be found through its node `operator` as `record` says; an empty record means no longer.
    event Announced(address indexed host, address indexed operator, bytes record);

    /// @notice The record is longer than 1024 bytes.
    error RecordTooLong();

    /// @notice Announces where the caller's node is. Nothing is stored but the event.
    /// @param operator The node's key, which is its peer identity.
    /// @param record Addresses of the node as its software reads them.
    function announce(address operator, bytes calldata record) external;
}
