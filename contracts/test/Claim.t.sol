// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ILeases} from "../src/interfaces/ILeases.sol";
import {LeaseId} from "../src/types/LeaseId.sol";
import {Claim, Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

contract ClaimTest is Fixture {
    Terms internal terms;

    function setUp() public override {
        super.setUp();
        terms = _terms();
        _open(terms, 10e6);
    }

    function testFuzz_AReceiptPaysTheHostWhatIsOwed(uint32 served, uint128 extra) public {
        uint40 until = _at(_within(served, 0, 8 hours));
        VM.warp(uint256(until) + 5);
        uint256 due = _cost(terms, until - START) + (extra < terms.extraMax ? extra : terms.extraMax);
        bytes memory receipt = _receipt(terms, until, extra);
        VM.expectEmit();
        emit ILeases.Claimed(leases.leaseId(terms), until, extra < terms.extraMax ? extra : terms.extraMax, due);
        leases.claim(terms, until, extra, receipt);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + due, "host");
    }

    function testFuzz_ClaimsInAnySplitAndOrderPayTheSame(uint32[6] memory served, uint96[6] memory extras) public {
        VM.warp(START + 8 hours);
        uint256 longest = 0;
        uint256 most = 0;
        for (uint256 i = 0; i < served.length; ++i) {
            uint256 time = _within(served[i], 0, 8 hours);
            uint128 extra = uint128(_within(extras[i], 0, terms.extraMax));
            _claim(terms, _at(time), extra);
            if (time > longest) longest = time;
            if (extra > most) most = extra;
        }
        _equal(leases.balance(host), ENDOWMENT - terms.bond + _cost(terms, longest) + most, "host");
    }

    function testFuzz_NothingIsPaidBeyondTheEnd(uint32 beyond) public {
        VM.warp(START + 30 minutes);
        uint40 until = _at(30 minutes + _within(beyond, 1, 365 days));
        bytes memory receipt = _receipt(terms, until, 0);
        VM.expectRevert(ILeases.UntilAfterEnd.selector);
        leases.claim(terms, until, 0, receipt);
    }

    function testFuzz_AReceiptOfAnybodyElseIsRefused(uint256 key, uint40 until, uint128 extra) public {
        key = _within(key, 1, type(uint128).max);
        VM.assume(key != SIGNER_KEY && key != TENANT_KEY);
        bytes memory genuine = _receipt(terms, until, extra);
        bytes memory forged = genuine;
        forged[_within(key, 0, 63)] ^= 0x01;
        VM.expectRevert(ILeases.BadSignature.selector);
        leases.claim(terms, until, extra, forged);
        VM.expectRevert(ILeases.BadSignature.selector);
        leases.claim(terms, until, extra, _sign(key, keccak256(genuine)));
    }

    function testFuzz_WithoutReceiptsTheHostIsPaidForWhatLiesAWindowBack(uint32 served) public {
        uint256 time = _within(served, 0, 8 hours);
        VM.warp(START + time);
        leases.claimSilent(terms);
        uint256 paid = time > terms.window ? _cost(terms, time - terms.window) : 0;
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
    }

    function testFuzz_WithoutReceiptsAnExhaustedLeaseIsPaidInFull(uint32 late) public {
        uint256 length = terms.rate.affordable(9e6);
        VM.warp(START + length + terms.window + late);
        leases.claimSilent(terms);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + _cost(terms, length), "host");
    }

    function testFuzz_AReportStopsSilentClaims(uint32 served) public {
        VM.warp(START + _within(served, terms.silence, 8 hours));
        VM.prank(tenant);
        leases.report(terms);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.claimSilent(terms);
    }

    function testFuzz_ABatchClaimsWhatItCanAndTellsTheRest(uint32 served, bool forge) public {
        uint40 until = _at(_within(served, 0, 3 hours));
        VM.warp(uint256(until));
        Claim[] memory items = new Claim[](3);
        items[0] = Claim(terms, until + 1, 0, _receipt(terms, until + 1, 0));
        items[1] = Claim(terms, until, 0, forge ? bytes("forged") : _receipt(terms, until, 0));
        items[2] = Claim(_terms(), until, 5, _receipt(terms, until, 5));
        items[2].terms.manifest = 0;
        LeaseId id = leases.leaseId(terms);
        LeaseId unknown = leases.leaseId(items[2].terms);
        VM.expectEmit();
        emit ILeases.Skipped(id, ILeases.UntilAfterEnd.selector);
        if (forge) {
            VM.expectEmit();
            emit ILeases.Skipped(id, ILeases.BadSignature.selector);
        }
        VM.expectEmit();
        emit ILeases.Skipped(unknown, ILeases.UnknownLease.selector);
        leases.claimBatch(items);
        uint256 paid = forge ? 0 : _cost(terms, until - START);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
    }
}
