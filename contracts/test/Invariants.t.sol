// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Leases} from "../src/Leases.sol";
import {TestToken} from "../src/TestToken.sol";
import {Lease, Status} from "../src/types/Lease.sol";
import {LeaseId} from "../src/types/LeaseId.sol";
import {Terms} from "../src/types/Terms.sol";
import {Handler} from "./support/Handler.sol";
import {Check} from "./support/Vm.sol";

/// @dev What holds after any sequence of calls. The handler checks at each step what must not move back,
/// what must be refused and what a supersede must not change; that nobody gains by a report with an own answer, or
/// by opening and closing, is fuzzed in Report.t.sol and Ending.t.sol.
contract InvariantsTest is Check {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private handler;
    Leases private leases;
    TestToken private token;

    function setUp() public {
        handler = new Handler();
        (address leases_, address token_) = handler.vault();
        (leases, token) = (Leases(leases_), TestToken(token_));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[16] memory actions = [
            Handler.wait.selector,
            Handler.open.selector,
            Handler.claim.selector,
            Handler.claimSilent.selector,
            Handler.close.selector,
            Handler.quit.selector,
            Handler.report.selector,
            Handler.answer.selector,
            Handler.resolve.selector,
            Handler.resolveAbsent.selector,
            Handler.settle.selector,
            Handler.topUp.selector,
            Handler.deposit.selector,
            Handler.withdraw.selector,
            Handler.reuse.selector,
            Handler.meddle.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(handler), selectors: new bytes4[](actions.length)});
        for (uint256 i = 0; i < actions.length; ++i) {
            targets[0].selectors[i] = actions[i];
        }
    }

    function invariant_BalancesAndEscrowAreWhatCameInAndAreCoveredByTokens() public view {
        uint256 held = 0;
        address[6] memory parties = handler.parties();
        for (uint256 i = 0; i < parties.length; ++i) {
            held += leases.balance(parties[i]);
        }
        for (uint256 i = 0; i < handler.count(); ++i) {
            held += handler.escrow(i);
        }
        _equal(held, handler.accounted(), "held");
        _holds(held <= token.balanceOf(address(leases)), "covered");
    }

    function invariant_PaidIsAtMostOwedAndOwedAtMostTheDeposit() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            Lease memory lease = _lease(i);
            (,, uint256 paid) = leases.statusOf(handler.deal(i));
            uint256 due = handler.owed(i, uint40(handler.endOf(i)), lease.purse.extra);
            _equal(paid, handler.owed(i, lease.service.ack, lease.purse.extra), "paid");
            _holds(due <= lease.service.deposit, "owed is covered");
            _holds(paid <= due || lease.service.status == Status.Settled, "paid is owed");
            _holds(paid <= lease.service.deposit, "paid is covered");
        }
    }

    function invariant_LeasesOfAnInstanceSucceedEachOtherAndNeverEarnTogether() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            Terms memory terms = handler.deal(i);
            bool isCurrent = true;
            for (uint256 j = i + 1; j < handler.count(); ++j) {
                Terms memory later = handler.deal(j);
                if (later.instance != terms.instance) continue;
                isCurrent = false;
                _holds(later.previous == leases.leaseId(terms) && later.epoch == terms.epoch + 1, "successor");
                _holds(handler.endOf(i) <= _lease(j).service.opened, "apart");
                break;
            }
            LeaseId current = leases.current(terms.tenant, terms.deployment, terms.instance);
            _holds((current == leases.leaseId(terms)) == isCurrent, "current");
        }
    }

    function invariant_ADelegateMovesAtMostItsCap() public view {
        _holds(handler.delegateMoved() <= handler.CAP(), "cap");
    }

    function afterInvariant() public {
        handler.settleAll();
        invariant_BalancesAndEscrowAreWhatCameInAndAreCoveredByTokens();
    }

    function _lease(uint256 i) private view returns (Lease memory) {
        return leases.lease(leases.leaseId(handler.deal(i)));
    }
}
