// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegations} from "../src/interfaces/IDelegations.sol";
import {ILeases} from "../src/interfaces/ILeases.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {LeaseHash} from "../src/libraries/LeaseHash.sol";
import {LeaseRules} from "../src/libraries/LeaseRules.sol";
import {Status} from "../src/types/Lease.sol";
import {Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

contract ReportTest is Fixture {
    Terms internal terms;

    function setUp() public override {
        super.setUp();
        terms = _terms();
        _open(terms, 10e6);
    }

    function testFuzz_AReportStakesTheCallersFee(uint32 served, bool bySigner) public {
        VM.warp(START + _within(served, terms.silence, 8 hours));
        address caller = bySigner ? signer : tenant;
        uint256 before = leases.balance(caller);
        VM.prank(caller);
        leases.report(terms);
        _equal(leases.balance(caller), before - terms.reportFee, "fee");
        _holds(_status(terms) == Status.Reported, "reported");
        _equal(leases.reportOf(leases.leaseId(terms)).by, caller, "reporter");
        VM.expectRevert(ILeases.WrongStatus.selector);
        VM.prank(tenant);
        leases.close(terms);
    }

    function testFuzz_AReportNeedsSilence(uint32 acknowledged, uint32 waited) public {
        uint256 time = _within(acknowledged, 1, 8 hours);
        VM.warp(START + time);
        _claim(terms, _at(time), 0);
        VM.warp(START + time + _within(waited, 1, uint256(terms.silence) - 1));
        VM.expectRevert(ILeases.NotSilent.selector);
        VM.prank(tenant);
        leases.report(terms);
    }

    function testFuzz_OnlyAPartyReports(address caller) public {
        VM.assume(caller != tenant && caller != signer);
        VM.warp(START + 1 hours);
        VM.expectRevert(IDelegations.NotParty.selector);
        VM.prank(caller);
        leases.report(terms);
    }

    function test_AReporterWithoutMoneyIsRefused() public {
        VM.warp(START + 1 hours);
        VM.prank(signer);
        leases.withdraw(signer, ENDOWMENT);
        VM.expectRevert(abi.encodeWithSelector(IVault.InsufficientBalance.selector, signer));
        VM.prank(signer);
        leases.report(terms);
    }

    function testFuzz_OnceTheTailIsDueNoReportTakesTheBond(uint32 late) public {
        VM.warp(START + terms.rate.affordable(9e6) + terms.window + late);
        VM.expectRevert(ILeases.NothingToReport.selector);
        VM.prank(tenant);
        leases.report(terms);
    }

    function testFuzz_AnAnswerPaysTheHostThroughTheReportAndTheFee(uint32 served, uint32 waited) public {
        uint256 time = _within(served, terms.silence, 8 hours);
        _report(time);
        VM.warp(START + time + _within(waited, 0, terms.answerIn));
        bytes memory answer = _sign(OPERATOR_KEY, LeaseHash.ofAnswer(leases.leaseId(terms), _at(time)));
        leases.answer(terms, answer);
        uint256 paid = _cost(terms, time) + terms.reportFee;
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
        _equal(leases.balance(tenant), ENDOWMENT - 10e6 - terms.reportFee, "tenant");
        _holds(_lease(terms).service.status == Status.Running, "running");
    }

    function testFuzz_AnAnswerOfAnybodyElseIsRefused(address caller, uint40 reported, bytes calldata noise) public {
        VM.assume(caller != host && caller != operator && reported != START + 1 hours);
        _report(1 hours);
        bytes memory stale = _sign(HOST_KEY, LeaseHash.ofAnswer(leases.leaseId(terms), reported));
        VM.expectRevert(ILeases.BadSignature.selector);
        VM.prank(caller);
        leases.answer(terms, stale);
        VM.expectRevert(ILeases.BadSignature.selector);
        VM.prank(caller);
        leases.answer(terms, noise);
    }

    function testFuzz_TheDeadlineNeedsTheSecondsAndTheBlocks(uint32 waited, uint8 blocks) public {
        _report(1 hours);
        uint256 wait = _within(waited, 0, 4 hours);
        VM.warp(START + 1 hours + wait);
        VM.roll(block.number + blocks);
        bool overdue = wait >= terms.answerIn && blocks >= LeaseRules.ANSWER_BLOCKS;
        if (overdue) VM.expectRevert(ILeases.AnswerTooLate.selector);
        else VM.expectRevert(ILeases.AnswerDue.selector);
        if (overdue) {
            VM.prank(host);
            leases.answer(terms, "");
            leases.resolve(terms);
        } else {
            leases.resolve(terms);
            VM.prank(host);
            leases.answer(terms, "");
        }
    }

    function testFuzz_AnUnansweredReportTakesBondAndLastWindow(uint32 served, uint32 acknowledged) public {
        uint256 time = _within(served, 4 * uint256(terms.silence), 8 hours);
        uint256 ack = _within(acknowledged, 0, time / 2);
        VM.warp(START + ack);
        _claim(terms, _at(ack), 0);
        _report(time);
        _pass(terms.answerIn);
        leases.resolve(terms);
        uint256 known = time > terms.window ? time - terms.window : 0;
        uint256 paid = _cost(terms, known > ack ? known : ack);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
        _equal(leases.balance(tenant), ENDOWMENT + terms.bond - paid, "tenant");
        _holds(_status(terms) == Status.Settled, "settled");
    }

    function testFuzz_ANewerReceiptDismissesAReport(uint32 served, uint32 more) public {
        uint256 time = _within(served, terms.silence, 4 hours);
        _report(time);
        uint256 until = time + _within(more, 0, 4 hours);
        VM.warp(START + until);
        _claim(terms, _at(until), 0);
        bool dismissed = until > time;
        _holds(_lease(terms).service.status == (dismissed ? Status.Running : Status.Reported), "status");
        uint256 paid = _cost(terms, until) + (dismissed ? terms.reportFee : 0);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
    }

    function testFuzz_QuittingAnswersAReport(uint32 served, uint32 waited) public {
        uint256 time = _within(served, terms.silence, 4 hours);
        _report(time);
        VM.warp(START + time + _within(waited, 0, 3 hours));
        VM.prank(operator);
        leases.quit(terms);
        uint256 paid = _cost(terms, time) + terms.reportFee;
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
        _equal(leases.balance(tenant), ENDOWMENT - 10e6 - terms.reportFee + terms.quitFee, "tenant");
    }

    function testFuzz_ReportAndOwnAnswerGainNothing(uint32 served) public {
        uint256 time = _within(served, terms.silence, 4 hours);
        uint256 together = leases.balance(host) + leases.balance(tenant);
        _report(time);
        VM.prank(host);
        leases.answer(terms, "");
        _equal(leases.balance(host) + leases.balance(tenant), together + _cost(terms, time), "moved");
    }

    function _report(uint256 time) private {
        VM.warp(START + time);
        VM.prank(tenant);
        leases.report(terms);
    }
}
