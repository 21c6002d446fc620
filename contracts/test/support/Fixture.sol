// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Leases} from "../../src/Leases.sol";
import {TestToken} from "../../src/TestToken.sol";
import {LeaseHash} from "../../src/libraries/LeaseHash.sol";
import {LeaseRules} from "../../src/libraries/LeaseRules.sol";
import {Limits} from "../../src/types/Delegation.sol";
import {Lease, Status} from "../../src/types/Lease.sol";
import {LeaseId} from "../../src/types/LeaseId.sol";
import {Rate} from "../../src/types/Rate.sol";
import {Terms} from "../../src/types/Terms.sol";
import {Check} from "./Vm.sol";

/// @dev Contracts, accounts with money in the vault, and terms that any test may bend.
abstract contract Fixture is Check {
    uint256 internal constant TENANT_KEY = 0xA1;
    uint256 internal constant HOST_KEY = 0xB2;
    uint256 internal constant SIGNER_KEY = 0xC3;
    uint256 internal constant OPERATOR_KEY = 0xD4;
    uint256 internal constant OUTSIDER_KEY = 0xE5;
    uint256 internal constant OBSERVER_KEY = 0xF6;
    uint256 internal constant ENDOWMENT = 1_000e6;
    uint40 internal constant START = 1_800_000_000;
    bytes32 internal constant DEPLOYMENT = keccak256("deployment");
    bytes32 internal constant INSTANCE = keccak256("instance");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    TestToken internal token;
    Leases internal leases;
    address internal tenant = VM.addr(TENANT_KEY);
    address internal host = VM.addr(HOST_KEY);
    address internal signer = VM.addr(SIGNER_KEY);
    address internal operator = VM.addr(OPERATOR_KEY);
    address internal outsider = VM.addr(OUTSIDER_KEY);
    address internal delegate = address(0xDE1E6A7E);

    function setUp() public virtual {
        VM.warp(START);
        token = new TestToken();
        leases = new Leases(token);
        address[6] memory accounts = [tenant, host, signer, operator, outsider, delegate];
        for (uint256 i = 0; i < accounts.length; ++i) {
            _fund(accounts[i], ENDOWMENT);
        }
        VM.prank(host);
        leases.setOperator(operator, true);
    }

    /// @dev The time `offset` seconds after the start.
    function _at(uint256 offset) internal pure returns (uint40) {
        return SafeCast.toUint40(START + offset);
    }

    function _fund(address account, uint256 amount) internal virtual {
        token.mint(account, amount);
        VM.prank(account);
        token.approve(address(leases), amount);
        VM.prank(account);
        leases.deposit(amount);
    }

    /// @dev One token an hour, bonded, with every fee.
    function _terms() internal view returns (Terms memory terms) {
        terms.tenant = tenant;
        terms.host = host;
        terms.signer = signer;
        terms.deployment = DEPLOYMENT;
        terms.instance = INSTANCE;
        terms.epoch = 1;
        terms.manifest = keccak256("manifest");
        terms.rate = Rate.wrap(1e6 * 1e9 / uint128(3600));
        terms.extraMax = 1e6;
        terms.bond = 5e6;
        terms.quitFee = 2e6;
        terms.reportFee = 5e5;
        terms.committed = START + 10 hours;
        terms.bidExpiry = START + 60 days;
        terms.minimum = 60;
        terms.silence = 60;
        terms.window = 1 hours;
        terms.answerIn = 2 hours;
    }

    /// @dev The successor of `terms` by the same host.
    function _next(Terms memory terms) internal view returns (Terms memory) {
        Terms memory next = _terms();
        next.epoch = terms.epoch + 1;
        next.previous = leases.leaseId(terms);
        return next;
    }

    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, _digest(structHash));
        return abi.encodePacked(r, s, v);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain =
            keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("Artel"), keccak256("1"), block.chainid, address(leases)));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _open(Terms memory terms, uint128 amount) internal returns (LeaseId id) {
        bytes memory signature = _bid(terms);
        VM.prank(terms.tenant);
        return leases.open(terms, amount, signature);
    }

    function _bid(Terms memory terms) internal view returns (bytes memory) {
        return _sign(HOST_KEY, LeaseId.unwrap(leases.leaseId(terms)));
    }

    /// @dev Claims by a receipt that the tenant's signer signed.
    function _claim(Terms memory terms, uint40 until, uint128 extra) internal {
        leases.claim(terms, until, extra, _receipt(terms, until, extra));
    }

    function _receipt(Terms memory terms, uint40 until, uint128 extra) internal view returns (bytes memory) {
        return _sign(SIGNER_KEY, LeaseHash.ofReceipt(leases.leaseId(terms), until, extra));
    }

    function _lease(Terms memory terms) internal view returns (Lease memory) {
        return leases.lease(leases.leaseId(terms));
    }

    function _status(Terms memory terms) internal view returns (Status status) {
        (status,,) = leases.statusOf(terms);
    }

    /// @dev What service of `time` seconds costs under `terms`.
    function _cost(Terms memory terms, uint256 time) internal pure returns (uint256) {
        return uint256(Rate.unwrap(terms.rate)) * time / 1e9;
    }

    function _authorize(uint128 cap, uint32 cooldown) internal {
        Limits memory limits =
            Limits({cap: cap, maxRate: Rate.wrap(type(uint128).max), cooldown: cooldown, expiry: START + 365 days});
        VM.prank(tenant);
        leases.authorize(delegate, DEPLOYMENT, limits);
    }

    /// @dev Lets `time` seconds and the blocks that an answer may take pass.
    function _pass(uint256 time) internal {
        VM.warp(block.timestamp + time);
        VM.roll(block.number + LeaseRules.ANSWER_BLOCKS);
    }
}
