// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Hosts} from "../src/Hosts.sol";
import {IHosts} from "../src/interfaces/IHosts.sol";
import {Check} from "./support/Vm.sol";

contract HostsTest is Check {
    Hosts private immutable HOSTS = new Hosts();

    function testFuzz_AnAnnouncementNamesTheCallerAsHost(address host, address operator, bytes calldata record) public {
        VM.assume(record.length <= 1024);
        VM.expectEmit();
        emit IHosts.Announced(host, operator, record);
        VM.prank(host);
        HOSTS.announce(operator, record);
    }

    function testFuzz_ALongRecordIsRefused(uint256 length) public {
        bytes memory record = new bytes(_within(length, 1025, 4096));
        VM.expectRevert(IHosts.RecordTooLong.selector);
        HOSTS.announce(address(this), record);
    }
}
