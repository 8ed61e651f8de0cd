/*
 * cryptoki_functions.h - every function of Cryptoki 2.40, each once, by what it is about:
 * nothing in particular, a slot, the token in a slot, or a session.
 */
#ifndef TESTS_SUPPORT_CRYPTOKI_FUNCTIONS_H
#define TESTS_SUPPORT_CRYPTOKI_FUNCTIONS_H

#include <p11-kit/pkcs11.h>

/* KIND(name, (parameters), (arguments)); slot and session are called so. */
#define CRYPTOKI_FUNCTIONS(PLAIN, SLOT, TOKEN, SESSION)                                  \
	PLAIN(C_Initialize, (void *init_args), (init_args))                              \
	PLAIN(C_Finalize, (void *reserved), (reserved))                                  \
	PLAIN(C_GetInfo, (CK_INFO_PTR info), (info))                                     \
	PLAIN(C_GetFunctionList, (CK_FUNCTION_LIST_PTR_PTR list), (list))                \
	PLAIN(C_GetSlotList,                                                             \
	    (CK_BYTE token_present, CK_SLOT_ID_PTR slot_list, CK_ULONG_PTR count),       \
	    (token_present, slot_list, count))                                           \
	SLOT(C_GetSlotInfo, (CK_SLOT_ID slot, CK_SLOT_INFO_PTR info), (slot, info))      \
	TOKEN(C_GetTokenInfo, (CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info), (slot, info))   \
	PLAIN(C_WaitForSlotEvent, (CK_FLAGS flags, CK_SLOT_ID_PTR slot, void *reserved), \
	    (flags, slot, reserved))                                                     \
	TOKEN(C_GetMechanismList,                                                        \
	    (CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR mechanism_list, CK_ULONG_PTR count), \
	    (slot, mechanism_list, count))                                               \
	TOKEN(C_GetMechanismInfo,                                                        \
	    (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info),       \
	    (slot, type, info))                                                          \
	TOKEN(C_InitToken,                                                               \
	    (CK_SLOT_ID slot, CK_BYTE_PTR pin, CK_ULONG pin_len, CK_BYTE_PTR label),     \
	    (slot, pin, pin_len, label))                                                 \
	SESSION(C_InitPIN,                                                               \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR pin, CK_ULONG pin_len),              \
	    (session, pin, pin_len))                                                     \
	SESSION(C_SetPIN,                                                                \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR old_pin, CK_ULONG old_len,           \
		CK_BYTE_PTR new_pin, CK_ULONG new_len),                                  \
	    (session, old_pin, old_len, new_pin, new_len))                               \
	TOKEN(C_OpenSession,                                                             \
	    (CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,       \
		CK_SESSION_HANDLE_PTR session),                                          \
	    (slot, flags, application, notify, session))                                 \
	SESSION(C_CloseSession, (CK_SESSION_HANDLE session), (session))                  \
	TOKEN(C_CloseAllSessions, (CK_SLOT_ID slot), (slot))                             \
	SESSION(C_GetSessionInfo, (CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info), \
	    (session, info))                                                             \
	SESSION(C_GetOperationState,                                                     \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR operation_state,                     \
		CK_ULONG_PTR operation_state_len),                                       \
	    (session, operation_state, operation_state_len))                             \
	SESSION(C_SetOperationState,                                                     \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR operation_state,                     \
		CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,           \
		CK_OBJECT_HANDLE authentication_key),                                    \
	    (session, operation_state, operation_state_len, encryption_key,              \
		authentication_key))                                                     \
	SESSION(C_Login,                                                                 \
	    (CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_BYTE_PTR pin,         \
		CK_ULONG pin_len),                                                       \
	    (session, user_type, pin, pin_len))                                          \
	SESSION(C_Logout, (CK_SESSION_HANDLE session), (session))                        \
	SESSION(C_CreateObject,                                                          \
	    (CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR templ, CK_ULONG count,          \
		CK_OBJECT_HANDLE_PTR object),                                            \
	    (session, templ, count, object))                                             \
	SESSION(C_CopyObject,                                                            \
	    (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ, \
		CK_ULONG count, CK_OBJECT_HANDLE_PTR new_object),                        \
	    (session, object, templ, count, new_object))                                 \
	SESSION(C_DestroyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object),   \
	    (session, object))                                                           \
	SESSION(C_GetObjectSize,                                                         \
	    (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size),     \
	    (session, object, size))                                                     \
	SESSION(C_GetAttributeValue,                                                     \
	    (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ, \
		CK_ULONG count),                                                         \
	    (session, object, templ, count))                                             \
	SESSION(C_SetAttributeValue,                                                     \
	    (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ, \
		CK_ULONG count),                                                         \
	    (session, object, templ, count))                                             \
	SESSION(C_FindObjectsInit,                                                       \
	    (CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR templ, CK_ULONG count),         \
	    (session, templ, count))                                                     \
	SESSION(C_FindObjects,                                                           \
	    (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR object,                     \
		CK_ULONG max_object_count, CK_ULONG_PTR object_count),                   \
	    (session, object, max_object_count, object_count))                           \
	SESSION(C_FindObjectsFinal, (CK_SESSION_HANDLE session), (session))              \
	SESSION(C_EncryptInit,                                                           \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE key),                                                   \
	    (session, mechanism, key))                                                   \
	SESSION(C_Encrypt,                                                               \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,             \
		CK_BYTE_PTR data_out, CK_ULONG_PTR data_out_len),                        \
	    (session, data, data_len, data_out, data_out_len))                           \
	SESSION(C_EncryptUpdate,                                                         \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,             \
		CK_BYTE_PTR part_out, CK_ULONG_PTR part_out_len),                        \
	    (session, part, part_len, part_out, part_out_len))                           \
	SESSION(C_EncryptFinal,                                                          \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR last, CK_ULONG_PTR last_len),        \
	    (session, last, last_len))                                                   \
	SESSION(C_DecryptInit,                                                           \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE key),                                                   \
	    (session, mechanism, key))                                                   \
	SESSION(C_Decrypt,                                                               \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_data,                      \
		CK_ULONG encrypted_data_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len),   \
	    (session, encrypted_data, encrypted_data_len, data, data_len))               \
	SESSION(C_DecryptUpdate,                                                         \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,                      \
		CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len),   \
	    (session, encrypted_part, encrypted_part_len, part, part_len))               \
	SESSION(C_DecryptFinal,                                                          \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR last_part,                           \
		CK_ULONG_PTR last_part_len),                                             \
	    (session, last_part, last_part_len))                                         \
	SESSION(C_DigestInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism),   \
	    (session, mechanism))                                                        \
	SESSION(C_Digest,                                                                \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,             \
		CK_BYTE_PTR digest, CK_ULONG_PTR digest_len),                            \
	    (session, data, data_len, digest, digest_len))                               \
	SESSION(C_DigestUpdate,                                                          \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len),            \
	    (session, part, part_len))                                                   \
	SESSION(C_DigestKey, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key),          \
	    (session, key))                                                              \
	SESSION(C_DigestFinal,                                                           \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_len),    \
	    (session, digest, digest_len))                                               \
	SESSION(C_SignInit,                                                              \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE key),                                                   \
	    (session, mechanism, key))                                                   \
	SESSION(C_Sign,                                                                  \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,             \
		CK_BYTE_PTR signature, CK_ULONG_PTR signature_len),                      \
	    (session, data, data_len, signature, signature_len))                         \
	SESSION(C_SignUpdate,                                                            \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len),            \
	    (session, part, part_len))                                                   \
	SESSION(C_SignFinal,                                                             \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR signature,                           \
		CK_ULONG_PTR signature_len),                                             \
	    (session, signature, signature_len))                                         \
	SESSION(C_SignRecoverInit,                                                       \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE key),                                                   \
	    (session, mechanism, key))                                                   \
	SESSION(C_SignRecover,                                                           \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,             \
		CK_BYTE_PTR signature, CK_ULONG_PTR signature_len),                      \
	    (session, data, data_len, signature, signature_len))                         \
	SESSION(C_VerifyInit,                                                            \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE key),                                                   \
	    (session, mechanism, key))                                                   \
	SESSION(C_Verify,                                                                \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,             \
		CK_BYTE_PTR signature, CK_ULONG signature_len),                          \
	    (session, data, data_len, signature, signature_len))                         \
	SESSION(C_VerifyUpdate,                                                          \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len),            \
	    (session, part, part_len))                                                   \
	SESSION(C_VerifyFinal,                                                           \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len),  \
	    (session, signature, signature_len))                                         \
	SESSION(C_VerifyRecoverInit,                                                     \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE key),                                                   \
	    (session, mechanism, key))                                                   \
	SESSION(C_VerifyRecover,                                                         \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len,   \
		CK_BYTE_PTR data, CK_ULONG_PTR data_len),                                \
	    (session, signature, signature_len, data, data_len))                         \
	SESSION(C_DigestEncryptUpdate,                                                   \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,             \
		CK_BYTE_PTR part_out, CK_ULONG_PTR part_out_len),                        \
	    (session, part, part_len, part_out, part_out_len))                           \
	SESSION(C_DecryptDigestUpdate,                                                   \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,                      \
		CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len),   \
	    (session, encrypted_part, encrypted_part_len, part, part_len))               \
	SESSION(C_SignEncryptUpdate,                                                     \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,             \
		CK_BYTE_PTR part_out, CK_ULONG_PTR part_out_len),                        \
	    (session, part, part_len, part_out, part_out_len))                           \
	SESSION(C_DecryptVerifyUpdate,                                                   \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,                      \
		CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len),   \
	    (session, encrypted_part, encrypted_part_len, part, part_len))               \
	SESSION(C_GenerateKey,                                                           \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_ATTRIBUTE_PTR templ, CK_ULONG count, CK_OBJECT_HANDLE_PTR key),       \
	    (session, mechanism, templ, count, key))                                     \
	SESSION(C_GenerateKeyPair,                                                       \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_ATTRIBUTE_PTR public_templ, CK_ULONG public_count,                    \
		CK_ATTRIBUTE_PTR private_templ, CK_ULONG private_count,                  \
		CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key),      \
	    (session, mechanism, public_templ, public_count, private_templ,              \
		private_count, public_key, private_key))                                 \
	SESSION(C_WrapKey,                                                               \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,                     \
		CK_BYTE_PTR wrapped_key, CK_ULONG_PTR wrapped_key_len),                  \
	    (session, mechanism, wrapping_key, key, wrapped_key, wrapped_key_len))       \
	SESSION(C_UnwrapKey,                                                             \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped_key,                \
		CK_ULONG wrapped_key_len, CK_ATTRIBUTE_PTR templ,                        \
		CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR key),                     \
	    (session, mechanism, unwrapping_key, wrapped_key, wrapped_key_len, templ,    \
		attribute_count, key))                                                   \
	SESSION(C_DeriveKey,                                                             \
	    (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,                      \
		CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE_PTR templ,                       \
		CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR key),                     \
	    (session, mechanism, base_key, templ, attribute_count, key))                 \
	SESSION(C_SeedRandom,                                                            \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG seed_len),            \
	    (session, seed, seed_len))                                                   \
	SESSION(C_GenerateRandom,                                                        \
	    (CK_SESSION_HANDLE session, CK_BYTE_PTR random_data, CK_ULONG random_len),   \
	    (session, random_data, random_len))                                          \
	SESSION(C_GetFunctionStatus, (CK_SESSION_HANDLE session), (session))             \
	SESSION(C_CancelFunction, (CK_SESSION_HANDLE session), (session))

#endif
