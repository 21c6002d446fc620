// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ILeases} from "../src/interfaces/ILeases.sol";
import {LeaseHash} from "../src/libraries/LeaseHash.sol";
import {Status} from "../src/types/Lease.sol";
import {Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

contract AbsenceTest is Fixture {
    uint256 private constant QUORUM = 2;
    Terms internal terms;
    address[] internal observers;
    uint256[] internal keys;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            uint256 key = OBSERVER_KEY + i;
            uint256 at_ = observers.length;
            observers.push(VM.addr(key));
            keys.push(key);
            for (; at_ > 0 && observers[at_ - 1] > observers[at_]; --at_) {
                (observers[at_ - 1], observers[at_]) = (observers[at_], observers[at_ - 1]);
                (keys[at_ - 1], keys[at_]) = (keys[at_], keys[at_ - 1]);
            }
        }
        terms = _terms();
        terms.observers = keccak256(abi.encode(QUORUM, observers));
        _open(terms, 10e6);
    }

    function testFuzz_AQuorumSettlesAndTheTenantGetsTheBond(uint32 absent, uint32 later, uint8 missing) public {
        uint256 from = _within(absent, 0, 4 hours);
        VM.warp(START + from + _within(later, 1, 4 hours));
        bytes[] memory signatures = _signatures(_at(from));
        signatures[missing % 3] = "";
        leases.resolveAbsent(terms, _at(from), QUORUM, observers, signatures);
        uint256 paid = _cost(terms, from);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid, "host");
        _equal(leases.balance(tenant), ENDOWMENT + terms.bond - paid, "tenant");
        _holds(_status(terms) == Status.Settled, "settled");
    }

    function testFuzz_AnAnswerDoesNotDefeatTheObservers(uint32 absent) public {
        uint256 from = _within(absent, 0, 2 hours);
        VM.warp(START + 3 hours);
        VM.prank(tenant);
        leases.report(terms);
        VM.prank(host);
        leases.answer(terms, "");
        VM.warp(START + 4 hours);
        leases.resolveAbsent(terms, _at(from), QUORUM, observers, _signatures(_at(from)));
        uint256 paid = _cost(terms, 3 hours);
        _equal(leases.balance(host), ENDOWMENT - terms.bond + paid + terms.reportFee, "host");
    }

    function testFuzz_AnOpenReportsFeeGoesBackToItsReporter(uint32 absent) public {
        uint256 from = _within(absent, 0, 2 hours);
        VM.warp(START + 3 hours);
        VM.prank(signer);
        leases.report(terms);
        leases.resolveAbsent(terms, _at(from), QUORUM, observers, _signatures(_at(from)));
        _equal(leases.balance(signer), ENDOWMENT, "reporter");
    }

    function testFuzz_FewerThanTheQuorumDoNothing(uint32 absent, uint8 only, bytes calldata noise) public {
        uint40 from = _at(_within(absent, 0, 1 hours));
        VM.warp(START + 2 hours);
        bytes[] memory signatures = new bytes[](3);
        signatures[only % 3] = _signatures(from)[only % 3];
        signatures[(only % 3 + 1) % 3] = noise;
        VM.expectRevert(ILeases.QuorumMissing.selector);
        leases.resolveAbsent(terms, from, QUORUM, observers, signatures);
    }

    function testFuzz_OnlyTheCommittedObserversCount(uint256 quorum, address stranger) public {
        VM.assume(quorum != QUORUM && stranger != observers[0]);
        VM.warp(START + 2 hours);
        bytes[] memory signatures = _signatures(START);
        VM.expectRevert(ILeases.WrongObservers.selector);
        leases.resolveAbsent(terms, START, quorum, observers, signatures);
        observers[0] = stranger;
        VM.expectRevert(ILeases.WrongObservers.selector);
        leases.resolveAbsent(terms, START, QUORUM, observers, signatures);
    }

    function test_ObserversThatAreNotSortedAreRefused() public {
        Terms memory other = _terms();
        other.instance = keccak256("unsorted");
        (observers[0], observers[1]) = (observers[1], observers[0]);
        other.observers = keccak256(abi.encode(QUORUM, observers));
        _open(other, 10e6);
        VM.warp(START + 2 hours);
        VM.expectRevert(ILeases.WrongObservers.selector);
        leases.resolveAbsent(other, START, QUORUM, observers, new bytes[](3));
    }

    function testFuzz_AnAbsenceOutsideTheLeaseIsRefused(uint40 from) public {
        VM.warp(START + 2 hours);
        VM.assume(from < START || from >= START + 2 hours);
        bytes[] memory signatures = _signatures(from);
        VM.expectRevert(ILeases.OutsideLease.selector);
        leases.resolveAbsent(terms, from, QUORUM, observers, signatures);
    }

    function _signatures(uint40 from) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            signatures[i] = _sign(keys[i], LeaseHash.ofAbsence(leases.leaseId(terms), from));
        }
    }
}
