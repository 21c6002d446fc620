// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHosts} from "./interfaces/IHosts.sol";

/// @title Hosts
/// @notice The directory of hosts: nothing but its events.
contract Hosts is IHosts {
    uint256 private constant RECORD_BYTES_MAX = 1024;

    /// @inheritdoc IHosts
    function announce(address operator, bytes calldata record) external {
        require(record.length <= RECORD_BYTES_MAX, RecordTooLong());
        emit Announced(msg.sender, operator, record);
    }
}
