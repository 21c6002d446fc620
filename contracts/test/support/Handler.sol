// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LeaseHash} from "../../src/libraries/LeaseHash.sol";
import {Lease, Status} from "../../src/types/Lease.sol";
import {LeaseId} from "../../src/types/LeaseId.sol";
import {Terms} from "../../src/types/Terms.sol";
import {Ledger} from "./Ledger.sol";

/// @dev The actions of an invariant run. Refused calls change nothing; what must be refused is required to be.
contract Handler is Ledger {
    uint128 public constant CAP = 20e6;
    /// @dev What the delegate has moved of its tenant's money.
    uint256 public delegateMoved;
    address[] internal observers;

    constructor() {
        setUp();
        observers.push(VM.addr(OBSERVER_KEY));
        _authorize(CAP, 10 minutes);
    }

    modifier some(uint256 dice) {
        if (deals.length == 0) return;
        _;
    }

    function wait(uint256 dice, bool blocks) external observed {
        VM.warp(block.timestamp + _within(dice, 1, 2 hours));
        VM.roll(block.number + (blocks ? 31 : 1));
    }

    function open(uint256 dice, uint256 amount, bool delegated) external observed {
        if (deals.length == LEASES_MAX) return;
        Terms memory terms = _terms();
        terms.instance = bytes32(dice % 3);
        terms.previous = leases.current(tenant, DEPLOYMENT, terms.instance);
        uint256 previous = _indexOf(terms.previous);
        if (previous < deals.length) terms.epoch = deals[previous].epoch + 1;
        terms.observers = keccak256(abi.encode(uint256(1), observers));
        bytes memory bid = _bid(terms);
        uint256 end = previous < deals.length ? endOf(previous) : 0;
        uint128 paid = uint128(_within(amount, 2e6, 12e6));
        VM.prank(delegated ? delegate : tenant);
        try leases.open(terms, paid, bid) {
            deals.push(terms);
            if (delegated) delegateMoved += paid;
        } catch {
            return;
        }
        if (previous == deals.length - 1) return;
        VM.warp(block.timestamp + 1);
        if (end > 0) _equal(endOf(previous), end, "a supersede keeps what the predecessor owes");
    }

    function claim(uint256 dice, uint256 until, uint128 extra) external some(dice) observed {
        Terms memory terms = _pick(dice);
        uint40 time = _at(_within(until, 0, block.timestamp - START));
        extra = uint128(_within(extra, 0, 2 * uint256(terms.extraMax)));
        try leases.claim(terms, time, extra, _receipt(terms, time, extra)) {} catch {}
    }

    function claimSilent(uint256 dice) external some(dice) observed {
        try leases.claimSilent(_pick(dice)) {} catch {}
    }

    function close(uint256 dice, bool bySigner) external some(dice) observed {
        Terms memory terms = _pick(dice);
        Lease memory before = _lease(terms);
        uint256 balance = leases.balance(host);
        VM.prank(bySigner ? signer : tenant);
        try leases.close(terms) {
            _holds(leases.balance(host) >= balance + before.purse.bondLeft, "closing returns the bond");
        } catch {}
    }

    function quit(uint256 dice) external some(dice) observed {
        mayFine = true;
        VM.prank(operator);
        try leases.quit(_pick(dice)) {} catch {}
    }

    function report(uint256 dice, bool bySigner) external some(dice) observed {
        VM.prank(bySigner ? signer : tenant);
        try leases.report(_pick(dice)) {} catch {}
    }

    function answer(uint256 dice) external some(dice) observed {
        Terms memory terms = _pick(dice);
        LeaseId id = leases.leaseId(terms);
        bytes memory signature = _sign(OPERATOR_KEY, LeaseHash.ofAnswer(id, leases.reportOf(id).reported));
        VM.prank(outsider);
        try leases.answer(terms, signature) {} catch {}
    }

    function resolve(uint256 dice) external some(dice) observed {
        try leases.resolve(_pick(dice)) {} catch {}
    }

    function resolveAbsent(uint256 dice, uint256 from) external some(dice) observed {
        Terms memory terms = _pick(dice);
        if (dice % 4 > 0) return;
        uint40 time = _at(_within(from, 0, block.timestamp - START));
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign(OBSERVER_KEY, LeaseHash.ofAbsence(leases.leaseId(terms), time));
        try leases.resolveAbsent(terms, time, 1, observers, signatures) {} catch {}
    }

    function settle(uint256 dice) external some(dice) observed {
        Terms memory terms = _pick(dice);
        Lease memory before = _lease(terms);
        uint256 balance = leases.balance(host);
        try leases.settle(terms) {
            _holds(leases.balance(host) >= balance + before.purse.bondLeft, "settling returns the bond");
        } catch {}
    }

    function topUp(uint256 dice, uint256 amount, bool delegated) external some(dice) observed {
        uint128 paid = uint128(_within(amount, 0, 5e6));
        VM.prank(delegated ? delegate : outsider);
        try leases.topUp(_pick(dice), paid) {
            if (delegated) delegateMoved += paid;
        } catch {}
    }

    function deposit(uint256 who, uint256 amount) external observed {
        _fund(parties()[who % 6], _within(amount, 0, 10e6));
    }

    function withdraw(uint256 who, uint256 amount) external observed {
        address account = parties()[who % 6];
        amount = _within(amount, 0, leases.balance(account));
        VM.prank(account);
        leases.withdraw(outsider, amount);
        accounted -= amount;
    }

    /// @dev One bid opens at most one lease; no signature works for another lease or verb.
    function reuse(uint256 dice, uint256 other) external some(dice) observed {
        Terms memory terms = _pick(dice);
        bytes memory bid = _bid(terms);
        VM.prank(tenant);
        try leases.open(terms, 12e6, bid) {
            revert Unmet("a bid works once");
        } catch {}
        uint40 time = _at(0);
        bytes memory receipt = _receipt(terms, time, 0);
        Terms memory another = _pick(other);
        if (leases.leaseId(another) == leases.leaseId(terms)) return;
        try leases.claim(another, time, 0, receipt) {
            revert Unmet("a receipt works for its lease");
        } catch {}
        try leases.answer(another, bid) {
            revert Unmet("a bid is no answer");
        } catch {}
    }

    /// @dev An outsider ends, reports and answers nothing, and takes from nobody.
    function meddle(uint256 dice) external some(dice) observed {
        Terms memory terms = _pick(dice);
        bytes4[4] memory verbs =
            [leases.close.selector, leases.quit.selector, leases.report.selector, leases.open.selector];
        for (uint256 i = 0; i < verbs.length; ++i) {
            VM.prank(outsider);
            (bool done,) = address(leases).call(abi.encodeWithSelector(verbs[i], terms, 12e6, 0x2c0, 0));
            _holds(!done, "an outsider is no party");
        }
    }

    /// @dev Settles by anybody every lease whose end is fixed, after the longest that the rules let it wait.
    function settleAll() external {
        for (uint256 i = 0; i < deals.length; ++i) {
            Lease memory lease = _lease(deals[i]);
            if (lease.service.status == Status.Settled || lease.service.ended == 0) continue;
            bool reported = lease.service.status == Status.Reported;
            _pass(reported ? deals[i].answerIn : deals[i].window);
            VM.prank(outsider);
            if (reported) leases.resolve(deals[i]);
            else leases.settle(deals[i]);
        }
    }

    function _pick(uint256 dice) private view returns (Terms memory) {
        return deals[dice % deals.length];
    }

    function _indexOf(LeaseId id) private view returns (uint256 i) {
        while (i < deals.length && leases.leaseId(deals[i]) != id) ++i;
    }
}
