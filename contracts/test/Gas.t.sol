// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LeaseHash} from "../src/libraries/LeaseHash.sol";
import {LeaseId} from "../src/types/LeaseId.sol";
import {Claim, Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev What a user pays: whole transactions with their calldata, accounts that already have a balance.
/// Figures are kept in contracts/snapshots and compared by the check in CI.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    uint128 private constant DEPOSIT = 100e6;
    Terms internal terms;

    function setUp() public override {
        super.setUp();
        terms = _terms();
        VM.roll(1_000);
    }

    function test_OpenFirst() public {
        _open(terms, DEPOSIT);
        _record("open first of an instance", 150_000);
    }

    function test_OpenSuccessor() public {
        _open(terms, DEPOSIT);
        VM.warp(START + 1 hours);
        _open(_next(terms), DEPOSIT);
        _record("open successor", 150_000);
    }

    function test_Claim() public {
        _open(terms, DEPOSIT);
        VM.warp(START + 1 hours);
        _claim(terms, START + 1 hours, 7);
        _record("claim", 60_000);
    }

    function test_ClaimSilent() public {
        _open(terms, DEPOSIT);
        VM.warp(START + 2 hours);
        leases.claimSilent(terms);
        _record("claimSilent", 60_000);
    }

    function test_ClaimBatchOfTen() public {
        Claim[] memory items = new Claim[](10);
        for (uint256 i = 0; i < items.length; ++i) {
            Terms memory one = _terms();
            one.instance = bytes32(i);
            _open(one, 10e6);
            items[i] = Claim(one, START, 7, _receipt(one, START, 7));
        }
        leases.claimBatch(items);
        _record("claimBatch of 10", 400_000);
    }

    function test_Close() public {
        _open(terms, DEPOSIT);
        VM.warp(START + 1 hours);
        VM.prank(tenant);
        leases.close(terms);
        _record("close", 60_000);
    }

    function test_Quit() public {
        _open(terms, DEPOSIT);
        VM.warp(START + 1 hours);
        VM.prank(host);
        leases.quit(terms);
        _record("quit", 60_000);
    }

    function test_Settle() public {
        _open(terms, 3e6);
        VM.warp(START + 1 days);
        leases.settle(terms);
        _record("settle", 60_000);
    }

    function test_TopUp() public {
        _open(terms, DEPOSIT);
        VM.prank(tenant);
        leases.topUp(terms, 1e6);
        _record("topUp", 60_000);
    }

    function test_ReportAndResolve() public {
        _report();
        uint256 spent = VM.snapshotGasLastCall("Leases", "report");
        _pass(terms.answerIn);
        leases.resolve(terms);
        _holds(spent + VM.snapshotGasLastCall("Leases", "resolve") <= 130_000, "report and resolve");
    }

    function test_Answer() public {
        _report();
        VM.prank(operator);
        leases.answer(terms, "");
        _record("answer", 50_000);
    }

    function test_AnswerBySignature() public {
        _report();
        bytes memory answer = _sign(HOST_KEY, LeaseHash.ofAnswer(leases.leaseId(terms), START + 1 hours));
        leases.answer(terms, answer);
        _record("answer by signature", 60_000);
    }

    function test_DepositAndWithdraw() public {
        token.mint(tenant, 1e6);
        VM.prank(tenant);
        token.approve(address(leases), 1e6);
        VM.prank(tenant);
        leases.deposit(1e6);
        _record("deposit", 80_000);
        VM.prank(tenant);
        leases.withdraw(tenant, 1e6);
        _record("withdraw", 80_000);
    }

    function _report() private {
        _open(terms, DEPOSIT);
        VM.warp(START + 1 hours);
        VM.prank(tenant);
        leases.report(terms);
    }

    function _record(string memory name, uint256 most) private {
        _holds(VM.snapshotGasLastCall("Leases", name) <= most, name);
    }
}
