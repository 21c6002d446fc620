// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Delegations} from "./Delegations.sol";
import {Signatures} from "./Signatures.sol";
import {Vault} from "./Vault.sol";
import {ILeases} from "./interfaces/ILeases.sol";
import {LeaseHash} from "./libraries/LeaseHash.sol";
import {LeaseRules} from "./libraries/LeaseRules.sol";
import {Lease, Purse, Report, Service, Status} from "./types/Lease.sol";
import {LeaseId} from "./types/LeaseId.sol";
import {Claim, Terms} from "./types/Terms.sol";

/// @title Leases
/// @notice Immutable and ownerless. Its executable specification is `src/core/leases-state.ts`.
///
/// Storage: balance, isOperator (Vault), _delegations (Delegations), then per lease two slots of _leases, one of
/// _reports from its first report on, and per instance one of _current.
contract Leases is ILeases, Delegations, Signatures {
    using LeaseRules for Service;
    using LeaseRules for Report;
    using SafeCast for uint256;

    mapping(LeaseId id => Lease) private _leases;
    mapping(LeaseId id => Report) private _reports;
    mapping(bytes32 key => LeaseId) private _current;

    constructor(IERC20 token_) Vault(token_) EIP712("Artel", "1") {}

    /// @inheritdoc ILeases
    function open(Terms calldata terms, uint128 amount, bytes calldata signature)
        external
        nonReentrant
        returns (LeaseId id)
    {
        uint40 time = _now();
        _checkBid(terms, amount);
        bytes32 key = LeaseHash.ofKey(terms.tenant, terms.deployment, terms.instance);
        LeaseId previous = _checkSuccession(key, terms);
        if (msg.sender != terms.tenant) _spend(terms, amount, true);
        id = LeaseHash.ofTerms(terms);
        require(_signedByHost(terms.host, LeaseId.unwrap(id), signature), BadSignature());
        _debit(terms.tenant, amount);
        _debit(terms.host, terms.bond);
        if (terms.epoch > 1) _supersede(previous, time);
        _current[key] = id;
        Lease storage stored = _leases[id];
        stored.service = Service({
            deposit: uint256(amount).toUint96(),
            opened: time,
            ack: time,
            ended: 0,
            epoch: uint256(terms.epoch).toUint32(),
            status: Status.Running
        });
        stored.purse = Purse({extra: 0, bondLeft: uint256(terms.bond).toUint96(), quit: false});
        emit Opened(id, terms.tenant, terms.host, terms, amount, time);
    }

    /// @inheritdoc ILeases
    function topUp(Terms calldata terms, uint128 amount) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(service.statusAt(terms, _now()) == Status.Running, WrongStatus());
        uint256 total = uint256(service.deposit) + amount;
        require(total <= type(uint96).max, OutOfRange());
        address payer = msg.sender;
        if (payer != terms.tenant && _isDelegate(terms, payer)) {
            _spend(terms, amount, false);
            payer = terms.tenant;
        }
        _debit(payer, amount);
        _leases[id].service.deposit = total.toUint96();
        emit ToppedUp(id, msg.sender, amount);
    }

    /// @inheritdoc ILeases
    function claim(Terms calldata terms, uint40 until, uint128 extra, bytes calldata signature) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(_signedByTenant(terms, LeaseHash.ofReceipt(id, until, extra), signature), BadSignature());
        require(service.status != Status.Settled, WrongStatus());
        require(until <= service.endOf(terms, _now()), UntilAfterEnd());
        uint256 metered = _meter(id, terms, extra);
        uint256 amount = _advance(terms, service, until) + metered;
        emit Claimed(id, service.ack, _leases[id].purse.extra, amount);
        if (service.status == Status.Reported) {
            uint40 reported = _reports[id].reported;
            if (until > reported) {
                amount += _dismiss(terms, service);
                emit Answered(id, reported, service.ack, 0, terms.reportFee);
            }
        }
        _leases[id].service = service;
        _credit(terms.host, amount);
    }

    /// @inheritdoc ILeases
    function claimSilent(Terms calldata terms) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(service.isOpen(), WrongStatus());
        uint40 time = _now();
        uint256 matured = Math.saturatingSub(time, terms.window);
        uint256 amount = _advance(terms, service, Math.min(service.endOf(terms, time), matured).toUint40());
        _leases[id].service = service;
        _credit(terms.host, amount);
        emit Claimed(id, service.ack, _leases[id].purse.extra, amount);
    }

    /// @inheritdoc ILeases
    function close(Terms calldata terms) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(_isParty(terms, msg.sender), NotParty());
        require(service.isOpen(), WrongStatus());
        uint40 time = _now();
        bool quit_ = _leases[id].purse.quit;
        uint40 ack = quit_ ? service.endOf(terms, time) : service.conceded(terms, time);
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, service, ack, true);
        emit Closed(id, msg.sender, ack, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function quit(Terms calldata terms) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(_speaksFor(msg.sender, terms.host), NotHost());
        uint40 time = _now();
        Status status = service.statusAt(terms, time);
        require(status == Status.Running || status == Status.Reported, WrongStatus());
        if (status == Status.Reported) _answer(id, terms, service, _reports[id].reported);
        uint256 fee = 0;
        if (service.ended == 0) {
            if (time < service.exhausted(terms)) {
                if (time < terms.committed) fee = terms.quitFee;
                Purse storage purse = _leases[id].purse;
                purse.quit = true;
                purse.bondLeft -= fee.toUint96();
            }
            service.ended = time;
        }
        service.status = Status.Ended;
        _leases[id].service = service;
        _credit(terms.tenant, fee);
        emit Quit(id, service.ended, fee);
    }

    /// @inheritdoc ILeases
    function report(Terms calldata terms) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(_isParty(terms, msg.sender), NotParty());
        require(service.isOpen(), WrongStatus());
        uint40 time = _now();
        uint40 end = service.endOf(terms, time);
        // From `end + window` on the tail is due to the host: a late report must not take its bond.
        bool tailDue = service.statusAt(terms, time) == Status.Ended && time >= uint256(end) + terms.window;
        require(service.ack < end && !tailDue, NothingToReport());
        require(time >= uint256(service.ack) + terms.silence, NotSilent());
        _debit(msg.sender, terms.reportFee);
        service.status = Status.Reported;
        _leases[id].service = service;
        _reports[id] = Report({reported: time, blockNumber: block.number.toUint40(), by: msg.sender});
        emit Reported(id, msg.sender, time);
    }

    /// @inheritdoc ILeases
    function answer(Terms calldata terms, bytes calldata signature) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(service.status == Status.Reported, WrongStatus());
        Report memory filed = _reports[id];
        require(!filed.answerOverdue(terms), AnswerTooLate());
        bool speaks = _speaksFor(msg.sender, terms.host)
            || _signedByHost(terms.host, LeaseHash.ofAnswer(id, filed.reported), signature);
        require(speaks, BadSignature());
        _answer(id, terms, service, filed.reported);
        _leases[id].service = service;
    }

    /// @inheritdoc ILeases
    function resolve(Terms calldata terms) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        require(service.status == Status.Reported, WrongStatus());
        Report memory filed = _reports[id];
        require(filed.answerOverdue(terms), AnswerDue());
        uint256 known = Math.min(filed.reported, service.endOf(terms, _now()));
        uint40 ack = Math.max(service.ack, Math.saturatingSub(known, terms.window)).toUint40();
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, service, ack, false);
        emit Resolved(id, false, ack, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function resolveAbsent(
        Terms calldata terms,
        uint40 from,
        uint256 quorum,
        address[] calldata observers,
        bytes[] calldata signatures
    ) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        _checkQuorum(terms.observers, LeaseHash.ofAbsence(id, from), quorum, observers, signatures);
        require(service.status != Status.Settled, WrongStatus());
        require(from >= service.opened && from < service.endOf(terms, _now()), OutsideLease());
        uint40 ack = from > service.ack ? from : service.ack;
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, service, ack, false);
        emit Resolved(id, true, ack, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function settle(Terms calldata terms) external nonReentrant {
        (LeaseId id, Service memory service) = _find(terms);
        uint40 time = _now();
        require(service.statusAt(terms, time) == Status.Ended, WrongStatus());
        uint40 end = service.endOf(terms, time);
        require(service.ack >= end || time >= uint256(end) + terms.window, TailPending());
        (uint256 toHost, uint256 toTenant) = _settle(id, terms, service, end, true);
        emit Settled(id, end, toHost, toTenant);
    }

    /// @inheritdoc ILeases
    function claimBatch(Claim[] calldata items) external {
        for (uint256 i = 0; i < items.length; ++i) {
            Claim calldata item = items[i];
            try this.claim(item.terms, item.until, item.extra, item.signature) {}
            catch (bytes memory reason) {
                emit Skipped(LeaseHash.ofTerms(item.terms), _selectorOf(reason));
            }
        }
    }

    /// @inheritdoc ILeases
    function settleBatch(Terms[] calldata items) external {
        for (uint256 i = 0; i < items.length; ++i) {
            try this.settle(items[i]) {}
            catch (bytes memory reason) {
                emit Skipped(LeaseHash.ofTerms(items[i]), _selectorOf(reason));
            }
        }
    }

    /// @inheritdoc ILeases
    function lease(LeaseId id) external view returns (Lease memory) {
        return _leases[id];
    }

    /// @inheritdoc ILeases
    function reportOf(LeaseId id) external view returns (Report memory) {
        return _reports[id];
    }

    /// @inheritdoc ILeases
    function current(address tenant, bytes32 deployment, bytes32 instance) external view returns (LeaseId) {
        return _current[LeaseHash.ofKey(tenant, deployment, instance)];
    }

    /// @inheritdoc ILeases
    function statusOf(Terms calldata terms) external view returns (Status status, uint40 end, uint256 paid) {
        (LeaseId id, Service memory service) = _find(terms);
        uint40 time = _now();
        paid = service.earned(terms, service.ack) + _leases[id].purse.extra;
        return (service.statusAt(terms, time), service.endOf(terms, time), paid);
    }

    /// @inheritdoc ILeases
    function leaseId(Terms calldata terms) external pure returns (LeaseId) {
        return LeaseHash.ofTerms(terms);
    }

    /// @dev A superseded lease stops earning now; what it owes up to here stays claimable.
    function _supersede(LeaseId previous, uint40 time) private {
        Service storage service = _leases[previous].service;
        if (service.ended != 0) return;
        service.ended = time;
        if (service.status == Status.Running) service.status = Status.Ended;
    }

    /// @dev Raises the extras that are paid for, as far as the terms allow; returns what that costs.
    function _meter(LeaseId id, Terms calldata terms, uint128 extra) private returns (uint256 amount) {
        Purse storage purse = _leases[id].purse;
        uint256 before = purse.extra;
        uint256 capped = Math.min(extra, terms.extraMax);
        if (capped <= before) return 0;
        purse.extra = capped.toUint96();
        return capped - before;
    }

    /// @dev Moves payment forward; returns what that costs. The caller stores and pays.
    function _advance(Terms calldata terms, Service memory service, uint40 until)
        private
        pure
        returns (uint256 amount)
    {
        if (until <= service.ack) return 0;
        amount = service.earned(terms, until) - service.earned(terms, service.ack);
        service.ack = until;
    }

    /// @dev Ends an open report in the host's favour; returns the fee. The caller stores and pays.
    function _dismiss(Terms calldata terms, Service memory service) private pure returns (uint256 fee) {
        service.status = service.ended == 0 ? Status.Running : Status.Ended;
        return terms.reportFee;
    }

    /// @dev Pays the host through the report and ends it. The caller stores.
    function _answer(LeaseId id, Terms calldata terms, Service memory service, uint40 reported) private {
        uint40 end = service.endOf(terms, _now());
        uint256 amount = _advance(terms, service, reported < end ? reported : end);
        uint256 fee = _dismiss(terms, service);
        _credit(terms.host, amount + fee);
        emit Answered(id, reported, service.ack, amount, fee);
    }

    /// @dev Divides all that escrow holds of a lease and stores it as settled.
    function _settle(LeaseId id, Terms calldata terms, Service memory service, uint40 ack, bool bondToHost)
        private
        returns (uint256 toHost, uint256 toTenant)
    {
        Purse memory purse = _leases[id].purse;
        toTenant = service.deposit - service.earned(terms, ack) - purse.extra;
        toHost = _advance(terms, service, ack);
        if (bondToHost) toHost += purse.bondLeft;
        else toTenant += purse.bondLeft;
        if (service.status == Status.Reported) _credit(_reports[id].by, terms.reportFee);
        service.status = Status.Settled;
        if (service.ended == 0) service.ended = _now();
        _leases[id].service = service;
        if (purse.bondLeft > 0) _leases[id].purse.bondLeft = 0;
        _credit(terms.host, toHost);
        _credit(terms.tenant, toTenant);
    }

    function _find(Terms calldata terms) private view returns (LeaseId id, Service memory service) {
        id = LeaseHash.ofTerms(terms);
        service = _leases[id].service;
        require(service.status != Status.None, UnknownLease());
    }

    function _checkBid(Terms calldata terms, uint128 amount) private view {
        uint256 widest = Math.max(Math.max(amount, terms.bond), terms.reportFee);
        require(widest <= type(uint96).max && terms.epoch <= type(uint32).max, OutOfRange());
        require(amount >= terms.extraMax + terms.rate.costUp(terms.minimum), DepositTooSmall());
        require(terms.bond >= terms.quitFee, BondTooSmall());
        require(!terms.rate.isZero() || terms.committed > block.timestamp, CommitmentTooShort());
        require(block.timestamp <= terms.bidExpiry, BidExpired());
    }

    function _checkSuccession(bytes32 key, Terms calldata terms) private view returns (LeaseId previous) {
        previous = _current[key];
        require(
            terms.previous == previous && terms.epoch == uint256(_leases[previous].service.epoch) + 1, NotSuccessor()
        );
    }

    function _checkQuorum(
        bytes32 committed,
        bytes32 structHash,
        uint256 quorum,
        address[] calldata observers,
        bytes[] calldata signatures
    ) private view {
        require(signatures.length == observers.length, WrongObservers());
        require(quorum > 0 && quorum <= observers.length, WrongObservers());
        require(LeaseHash.ofObservers(quorum, observers) == committed, WrongObservers());
        bytes32 digest = _hashTypedDataV4(structHash);
        uint256 agreeing = 0;
        for (uint256 i = 0; i < observers.length; ++i) {
            require(i == 0 || observers[i - 1] < observers[i], WrongObservers());
            if (signatures[i].length == 0) continue;
            if (_signedBy(observers[i], digest, signatures[i])) ++agreeing;
        }
        require(agreeing >= quorum, QuorumMissing());
    }

    /// @dev The selector of an error, 0 when there is none (out of gas).
    function _selectorOf(bytes memory reason) private pure returns (bytes4) {
        // casting to 'bytes4' is safe because the arguments of an error are meant to be cut off
        // forge-lint: disable-next-line(unsafe-typecast)
        return bytes4(reason);
    }

    function _now() private view returns (uint40) {
        // casting to 'uint40' is safe because it holds 34,000 years
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint40(block.timestamp);
    }
}
