// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Vault} from "./Vault.sol";
import {Terms} from "./types/Terms.sol";

/// @title Who signed what: ECDSA with low s first, then ERC-1271.
abstract contract Signatures is Vault, EIP712 {
    /// @dev By the host or its operator.
    function _signedByHost(address host, bytes32 structHash, bytes calldata signature) internal view returns (bool) {
        bytes32 digest = _hashTypedDataV4(structHash);
        address signer = _signerOf(digest, signature);
        return (signer != address(0) && _speaksFor(signer, host)) || _accepts(host, digest, signature);
    }

    /// @dev By the terms' signer or the tenant.
    function _signedByTenant(Terms calldata terms, bytes32 structHash, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        bytes32 digest = _hashTypedDataV4(structHash);
        address signer = _signerOf(digest, signature);
        if (signer != address(0) && (signer == terms.signer || signer == terms.tenant)) return true;
        return _accepts(terms.signer, digest, signature) || _accepts(terms.tenant, digest, signature);
    }

    /// @dev By `account` itself.
    function _signedBy(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        address signer = _signerOf(digest, signature);
        return (signer != address(0) && signer == account) || _accepts(account, digest, signature);
    }

    /// @dev ERC-1271, for accounts that are contracts.
    function _accepts(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        return
            account.code.length > 0 && SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }

    /// @dev The account of an ECDSA signature with low s, or 0 when it is none.
    function _signerOf(bytes32 digest, bytes calldata signature) private pure returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }
}
